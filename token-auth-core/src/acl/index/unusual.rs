//! Rules whose keys say nothing where a placeholder has an unusual value.

use super::candidates::Lists;
use super::key::{Placeholder, Reading};
use crate::{AccessRequest, LabelValue, Origin};

/// Rules whose keys say nothing if a placeholder has a value that may act as more than text.
#[derive(Clone, Debug)]
pub(super) struct Unusual {
    placeholder: Placeholder,
    reading: Reading,
    rules: Box<[u32]>,
}

impl Unusual {
    pub(super) fn new(placeholder: Placeholder, reading: Reading, rules: Vec<u32>) -> Self {
        Self { placeholder, reading, rules: rules.into() }
    }

    pub(super) fn find<'i>(&'i self, request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        let unusual = match &self.placeholder {
            // A field is quoted; without it, slashes that stand around it may be the first and the last character.
            Placeholder::Field(field) => self.reading == Reading::Either && field.of(request).is_empty(),
            Placeholder::Label(label) => {
                request.labels.get(label).iter().any(|value| !is_plain(value, self.reading))
            }
        };
        if unusual {
            lists.add(&self.rules);
        }
    }
}

/// Whether the value is nothing but text where it is inserted.
fn is_plain(value: &LabelValue, reading: Reading) -> bool {
    let text = value.as_str();
    let special = |byte: u8| match reading {
        Reading::Glob => matches!(byte, b'*' | b'?' | b'[' | b'\\'),
        Reading::Expression | Reading::Either => {
            matches!(
                byte,
                b'*' | b'?'
                    | b'['
                    | b']'
                    | b'\\'
                    | b'.'
                    | b'+'
                    | b'('
                    | b')'
                    | b'|'
                    | b'{'
                    | b'}'
                    | b'^'
                    | b'$'
            )
        }
    };
    let literal = value.origin() == Origin::Directory || !text.bytes().any(special);
    let slashes = value.origin() == Origin::Administrator && (text.starts_with('/') || text.ends_with('/'));
    literal && (reading != Reading::Either || !(text.is_empty() || slashes))
}
