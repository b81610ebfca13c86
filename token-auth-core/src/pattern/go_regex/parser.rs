//! Reads Go's syntax (`regexp/syntax` with the flags of `regexp.Compile`) into the form that the engine compiles.

use regex_syntax::hir::{Capture, Class, ClassUnicode, Hir, Look, Repetition};

use super::class;
use super::error::{GoRegexError, GoRegexErrorKind as Kind};
use super::escape::escape;
use super::group::{Flags, Group, Item};
use super::input::Input;
use super::repeat::{self, Bounds};

/// What a pattern means.
pub(super) struct Parsed {
    pub(super) hir: Hir,
    /// Capture groups, the whole match not counted.
    pub(super) groups: u32,
}

/// Reads a pattern whose groups and repetitions lie at most `nesting` deep within each other.
pub(super) fn parse(pattern: &str, nesting: u32) -> Result<Parsed, GoRegexError> {
    let mut parser = Parser {
        input: Input::new(pattern),
        nesting,
        groups: 0,
        outer: Vec::new(),
        group: Group::default(),
        flags: Flags::default(),
    };
    parser.run().map_err(|kind| GoRegexError { kind, offset: parser.input.offset() })?;
    Ok(Parsed { hir: parser.group.finish().hir, groups: parser.groups })
}

struct Parser<'p> {
    input: Input<'p>,
    nesting: u32,
    groups: u32,
    outer: Vec<Group>,
    group: Group,
    flags: Flags,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Kind> {
        let mut after_repeat = false;
        while let Some(char) = self.input.peek() {
            after_repeat = match char {
                '*' | '+' | '?' | '{' => self.quantifier(after_repeat)?,
                _ => {
                    self.piece(char)?;
                    false
                }
            };
        }
        if self.outer.is_empty() { Ok(()) } else { Err(Kind::OpenGroup) }
    }

    fn piece(&mut self, char: char) -> Result<(), Kind> {
        match char {
            '(' => return self.open(),
            ')' => return self.close(),
            '[' => {
                let class = class::bracketed(&mut self.input, self.flags.fold)?;
                self.push_class(class);
                return Ok(());
            }
            '\\' => return self.backslash(),
            _ => {}
        }
        self.input.next();
        match char {
            '|' => self.group.end_branch(),
            '^' if self.flags.lines => self.push(Hir::look(Look::StartLF)),
            '^' => self.push(Hir::look(Look::Start)),
            '$' if self.flags.lines => self.push(Hir::look(Look::EndLF)),
            '$' => self.push(Hir::look(Look::End)),
            '.' => {
                let mut class = ClassUnicode::empty();
                if !self.flags.dot_newline {
                    class = class::code_points('\n'.into(), '\n'.into());
                }
                class.negate();
                self.push_class(class);
            }
            _ => self.literal(char),
        }
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), Kind> {
        for (text, look) in [
            (r"\A", Look::Start),
            (r"\z", Look::End),
            (r"\b", Look::WordAscii),
            (r"\B", Look::WordAsciiNegate),
        ] {
            if self.input.eat(text) {
                self.push(Hir::look(look));
                return Ok(());
            }
        }
        if self.input.eat(r"\Q") {
            let quoted = self.input.eat_through(r"\E").unwrap_or_else(|| self.input.take());
            quoted.chars().for_each(|char| self.literal(char));
            return Ok(());
        }
        if let Some(class) = class::escaped(&mut self.input, self.flags.fold)? {
            self.push_class(class);
            return Ok(());
        }
        let char = char::from_u32(escape(&mut self.input)?).ok_or(Kind::Surrogate)?;
        self.literal(char);
        Ok(())
    }

    fn open(&mut self) -> Result<(), Kind> {
        self.input.eat("(");
        let before = self.flags;
        let mut captures = true;
        if self.input.eat("?") {
            if self.input.eat("P<") || self.input.eat("<") {
                let name = self.input.eat_through(">").ok_or(Kind::GroupName)?;
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    return Err(Kind::GroupName);
                }
            } else if self.flags()? == ')' {
                return Ok(());
            } else {
                captures = false;
            }
        }
        let capture = captures.then(|| {
            self.groups += 1;
            self.groups
        });
        let group = Group { capture, flags: before, ..Group::default() };
        self.outer.push(std::mem::replace(&mut self.group, group));
        self.within(u32::try_from(self.outer.len()).unwrap_or(u32::MAX))
    }

    /// Reads `i-s:` or `i-s)`, sets the flags, and says how they ended.
    fn flags(&mut self) -> Result<char, Kind> {
        let mut flags = self.flags;
        let (mut value, mut complete) = (true, true);
        loop {
            let char = self.input.next().ok_or(Kind::Group)?;
            match char {
                'i' => flags.fold = value,
                'm' => flags.lines = value,
                's' => flags.dot_newline = value,
                'U' => flags.lazy = value,
                '-' if value => value = false,
                ':' | ')' if complete => {
                    self.flags = flags;
                    return Ok(char);
                }
                _ => return Err(Kind::Group),
            }
            // A `-` has to be followed by a flag.
            complete = char != '-';
        }
    }

    fn close(&mut self) -> Result<(), Kind> {
        let outer = self.outer.pop().ok_or(Kind::CloseGroup)?;
        self.input.eat(")");
        let group = std::mem::replace(&mut self.group, outer);
        let (capture, flags) = (group.capture, group.flags);
        let mut item = group.finish();
        if let Some(index) = capture {
            item.hir = Hir::capture(Capture { index, name: None, sub: Box::new(item.hir) });
        }
        item.height += 1;
        self.flags = flags;
        self.within(item.height)?;
        self.group.items.push(item);
        Ok(())
    }

    /// Reads a quantifier, and says whether it was one: a `{` of another form stands for itself.
    fn quantifier(&mut self, after_repeat: bool) -> Result<bool, Kind> {
        let bounds = match self.input.peek() {
            Some('{') => match repeat::counted(&mut self.input)? {
                Some(bounds) => bounds,
                None => {
                    self.input.next();
                    self.literal('{');
                    return Ok(false);
                }
            },
            Some('*') => self.simple(0, None),
            Some('+') => self.simple(1, None),
            _ => self.simple(0, Some(1)),
        };
        let lazy = self.input.eat("?") != self.flags.lazy;
        if after_repeat {
            return Err(Kind::DoubleRepeat);
        }
        let Item { hir, height, copies } = self.group.items.pop().ok_or(Kind::NothingToRepeat)?;
        let copies = if bounds.most == Some(0) { 1 } else { copies.saturating_mul(bounds.copies()) };
        if copies > repeat::MOST {
            return Err(Kind::RepeatCount);
        }
        self.within(height + 1)?;
        let (min, max) = (bounds.least, bounds.most);
        let hir = Hir::repetition(Repetition { min, max, greedy: !lazy, sub: Box::new(hir) });
        self.group.items.push(Item { hir, height: height + 1, copies });
        Ok(true)
    }

    fn simple(&mut self, least: u32, most: Option<u32>) -> Bounds {
        self.input.next();
        Bounds { least, most }
    }

    fn within(&self, height: u32) -> Result<(), Kind> {
        if height > self.nesting { Err(Kind::Nesting) } else { Ok(()) }
    }

    fn literal(&mut self, char: char) {
        let class = class::code_points(char.into(), char.into());
        self.push_class(class::folded(class, self.flags.fold));
    }

    fn push_class(&mut self, class: ClassUnicode) {
        self.push(Hir::class(Class::Unicode(class)));
    }

    fn push(&mut self, hir: Hir) {
        self.group.items.push(Item::leaf(hir));
    }
}
