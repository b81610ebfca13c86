//! The rules, as they stand in the table: read within bounds, and compiled all or not at all.

use std::fmt::Write as _;

use aws_lc_rs::digest::{self, Digest};
use futures_util::TryStreamExt as _;
use serde_json::Value;
use token_auth_core::acl::{Acl, AclLimits, Rule, Undecided};

use super::fault::Fault;
use super::table::Table;
use crate::database::{Database, each};

/// How many wrong rows a message names.
const NAMED: usize = 5;

/// How a column without an order, or a text that is none, is asked for: as nothing.
const ASK: [&str; 3] = [
    "SELECT seq::bigint, acl_entry::text FROM xorm_acl_entry ORDER BY 1",
    "SELECT CAST(seq AS SIGNED), CAST(acl_entry AS CHAR) FROM xorm_acl_entry ORDER BY 1",
    "SELECT CASE typeof(seq) WHEN 'integer' THEN seq END, CAST(acl_entry AS TEXT) FROM xorm_acl_entry ORDER BY 1",
];

/// The rows of the table in their order.
pub(super) struct Rows(Vec<(Option<i64>, Option<String>)>);

impl Rows {
    /// Reads at most so many rows, of so many bytes altogether.
    pub(super) async fn read(
        database: &Database,
        most_rows: usize,
        most_bytes: usize,
    ) -> Result<Self, Fault> {
        let [postgres, mysql, sqlite] = ASK;
        let ask = match database {
            Database::Postgres(_) => postgres,
            Database::MySql(_) => mysql,
            Database::Sqlite(_) => sqlite,
        };
        let table = Table::Rules;
        let (mut rows, mut bytes) = (Vec::new(), 0_usize);
        each!(database, pool => {
            let mut stream = sqlx::query_as::<_, (Option<i64>, Option<String>)>(ask).fetch(pool);
            while let Some(row) = stream.try_next().await? {
                bytes = bytes.saturating_add(row.1.as_ref().map_or(0, String::len));
                if bytes > most_bytes {
                    return Err(Fault::TooLong { table, most: most_bytes });
                }
                if rows.len() == most_rows {
                    return Err(Fault::TooMany { table, most: most_rows });
                }
                rows.push(row);
            }
        });
        Ok(Self(rows))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is the same only if all rows are.
    pub(super) fn digest(&self) -> Digest {
        let mut context = digest::Context::new(&digest::SHA256);
        for (seq, entry) in &self.0 {
            let (entry, is_null) = (entry.as_deref().unwrap_or_default(), u8::from(entry.is_none()));
            context.update(&[u8::from(seq.is_none()), is_null]);
            context.update(&seq.unwrap_or_default().to_be_bytes());
            context.update(&(entry.len() as u64).to_be_bytes());
            context.update(entry.as_bytes());
        }
        context.finish()
    }

    /// All rules, or what is wrong with the rows: named by their `seq`.
    pub(super) fn compile(&self, name: &str, limits: AclLimits) -> Result<Acl, String> {
        let mut wrong = Wrong::default();
        let (mut rules, mut order) = (Vec::with_capacity(self.0.len()), Vec::with_capacity(self.0.len()));
        for (seq, entry) in &self.0 {
            let Some(seq) = *seq else {
                wrong.add("NULL", "has no place in the order: give it a number of its own");
                continue;
            };
            if order.last() == Some(&seq) {
                wrong.add(seq, "is there twice, and which of the two comes first is not defined: give each a number of its own");
            }
            order.push(seq);
            match entry.as_deref().map(rule) {
                Some(Ok(rule)) => rules.push(rule),
                Some(Err(why)) => wrong.add(seq, why),
                None => wrong.add(seq, "acl_entry is NULL"),
            }
        }
        if wrong.count > 0 {
            return Err(wrong.said);
        }
        let undecided =
            |undecided: &Undecided| tracing::warn!(%undecided, "a rule of the table could not be decided");
        Acl::builder().name(name).limits(limits).on_undecided(undecided).build(rules).map_err(|errors| {
            for error in errors.errors() {
                let seq = order.get(error.rule()).copied().unwrap_or_default();
                wrong.add(seq, format!("{} {:?}: {}", error.condition(), error.text(), error.kind()));
            }
            wrong.said
        })
    }
}

/// A rule in JSON. A condition that is `null` would be one that always holds: docker_auth writes none, and here it is an error.
fn rule(text: &str) -> Result<Rule, String> {
    let rule = serde_json::from_str::<Rule>(text).map_err(|error| error.to_string())?;
    let written: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let conditions = written.get("Match").or_else(|| written.get("match")).and_then(Value::as_object);
    match conditions.into_iter().flatten().find(|(_, value)| value.is_null()) {
        Some((name, _)) => Err(format!("the condition {name:?} is null: give it a pattern, or leave it out")),
        None => Ok(rule),
    }
}

/// The rows that are wrong, as many of them as a message takes.
#[derive(Default)]
struct Wrong {
    count: usize,
    said: String,
}

impl Wrong {
    fn add(&mut self, seq: impl std::fmt::Display, why: impl std::fmt::Display) {
        self.count += 1;
        // Into a text nothing fails.
        let _ = match self.count {
            1 => write!(self.said, "{}, seq {seq}: {why}", Table::Rules),
            2..=NAMED => write!(self.said, "; seq {seq}: {why}"),
            count if count == NAMED + 1 => write!(self.said, "; and further rows"),
            _ => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(entries: &[(Option<i64>, Option<&str>)]) -> Rows {
        Rows(entries.iter().map(|(seq, entry)| (*seq, entry.map(str::to_owned))).collect())
    }

    fn compiled(entries: &[(Option<i64>, Option<&str>)]) -> Result<usize, String> {
        rows(entries).compile("acl_xorm", AclLimits::default()).map(|acl| acl.len())
    }

    #[test]
    fn reads_what_docker_auth_writes() {
        let whole = r#"{"Match":{"account":"alice","type":"repository","name":"a/*","ip":"::1","service":"s",
            "labels":{"group":"dev"}},"Actions":["*"],"Comment":"hers"}"#;
        let least = r#"{"Match":{},"Actions":[],"Comment":null}"#;
        assert_eq!(compiled(&[(Some(1), Some(whole)), (Some(2), Some(least))]), Ok(2));
        assert_eq!(compiled(&[(Some(-1), Some(r#"{"match":{"account":""},"actions":["pull"]}"#))]), Ok(1));
        assert_eq!(compiled(&[]), Ok(0));
    }

    #[test]
    fn a_wrong_row_spoils_all_and_is_named() {
        let good = (Some(1), Some(r#"{"Match":{},"Actions":[]}"#));
        for (seq, entry, said) in [
            (Some(7), Some("{"), "xorm_acl_entry, seq 7: EOF"),
            (Some(7), Some(""), "seq 7: EOF"),
            (Some(7), None, "seq 7: acl_entry is NULL"),
            (None, Some("{}"), "seq NULL: has no place in the order"),
            (Some(1), Some(r#"{"Match":{},"Actions":["*"]}"#), "seq 1: is there twice"),
            (Some(7), Some(r#"{"Match":null,"Actions":[]}"#), "seq 7: invalid type: null"),
            (Some(7), Some(r#"{"Match":{},"Actions":null}"#), "seq 7: invalid type: null"),
            (Some(7), Some(r#"{"Actions":[]}"#), "seq 7: missing field `match`"),
            (Some(7), Some(r#"{"Match":{"acount":"x"},"Actions":[]}"#), "seq 7: unknown field `acount`"),
            (
                Some(7),
                Some(r#"{"Match":{"account":null},"Actions":["*"]}"#),
                r#"the condition "account" is null"#,
            ),
            (Some(7), Some(r#"{"Match":{"name":"["},"Actions":[]}"#), r#"seq 7: name "[": malformed glob"#),
            (
                Some(7),
                Some(r#"{"Match":{"name":"/(/"},"Actions":[]}"#),
                r#"seq 7: name "/(/": invalid regular"#,
            ),
            (Some(7), Some(r#"{"Match":{"ip":"x"},"Actions":[]}"#), r#"seq 7: ip "x""#),
            (Some(7), Some(r#"{"Match":{},"Match":{},"Actions":[]}"#), "seq 7: duplicate field"),
            (Some(7), Some(&"[".repeat(100_000)), "seq 7: "),
        ] {
            let error = compiled(&[good, (seq, entry)]).unwrap_err();
            assert!(error.contains(said), "{entry:?}: {error}");
        }
        let many: Vec<_> = (0..100).map(|seq| (Some(seq), None)).collect();
        let error = compiled(&many).unwrap_err();
        assert!(error.len() < 300 && error.ends_with("; and further rows"), "{error}");
    }

    #[test]
    fn a_digest_is_that_of_all_rows() {
        let digest = |entries: &[_]| rows(entries).digest();
        let one = digest(&[(Some(1), Some("a")), (Some(2), Some("b"))]);
        assert_eq!(one.as_ref(), digest(&[(Some(1), Some("a")), (Some(2), Some("b"))]).as_ref());
        for other in [
            &[(Some(1), Some("a"))][..],
            &[(Some(1), Some("a")), (Some(3), Some("b"))],
            &[(Some(1), Some("ab")), (Some(2), Some(""))],
            &[(Some(1), Some("a")), (Some(2), None)],
            &[(Some(1), Some("a")), (None, Some("b"))],
        ] {
            assert_ne!(one.as_ref(), digest(other).as_ref(), "{other:?}");
        }
    }
}
