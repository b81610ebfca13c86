//! Redis' protocol (RESP 2): as many answers as commands, none too long or too deep.

use super::{BadAnswer, Watch};

/// Deeper than any answer of a server or a cluster is.
const DEPTH: usize = 8;
/// What a value costs beside its bytes: parsed it takes room, however short it was.
const VALUE_BYTES: usize = 64;

/// One connection.
pub(crate) struct RedisWatch {
    commands: Values,
    answers: Values,
    /// Commands that were not answered yet.
    waiting: usize,
}

impl RedisWatch {
    /// No answer may be longer than this.
    pub(crate) fn new(most: usize) -> Self {
        // What we send is not bounded here.
        Self { commands: Values::new(usize::MAX), answers: Values::new(most), waiting: 0 }
    }
}

impl Watch for RedisWatch {
    fn sent(&mut self, bytes: &[u8]) {
        // Commands are made by the driver: they are well-formed.
        if let Ok(count) = self.commands.feed(bytes) {
            self.waiting = self.waiting.saturating_add(count);
        }
    }

    fn received(&mut self, bytes: &[u8]) -> Result<(), BadAnswer> {
        let count = self.answers.feed(bytes)?;
        self.waiting = self.waiting.checked_sub(count).ok_or(BadAnswer::Unasked)?;
        match self.waiting == 0 && self.answers.has_begun() {
            true => Err(BadAnswer::Unasked),
            false => Ok(()),
        }
    }
}

/// Values one after the other.
struct Values {
    most: usize,
    /// Of the present one.
    spent: usize,
    /// How many elements each array that is open still lacks.
    open: Vec<u64>,
    state: State,
}

enum State {
    /// Before a value.
    Kind,
    /// In a line that only counts as far as its bytes do.
    Text,
    /// In a line that is a number, of this kind of value.
    Number { kind: u8, digits: u32, negative: bool, value: u64 },
    /// Behind the carriage return of a line; then what follows.
    LineEnd(After),
    /// In bytes of this number, with the line break behind them.
    Bytes(u64),
}

#[derive(Clone, Copy)]
enum After {
    Value,
    Bytes(u64),
    Array(u64),
}

impl Values {
    fn new(most: usize) -> Self {
        Self { most, spent: 0, open: Vec::new(), state: State::Kind }
    }

    fn has_begun(&self) -> bool {
        self.spent > 0
    }

    fn spend(&mut self, bytes: usize) -> Result<(), BadAnswer> {
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > self.most { Err(BadAnswer::TooLong(self.most)) } else { Ok(()) }
    }

    /// How many values are complete with these bytes.
    fn feed(&mut self, mut bytes: &[u8]) -> Result<usize, BadAnswer> {
        let mut complete = 0;
        while let Some((&byte, rest)) = bytes.split_first() {
            if let State::Bytes(left) = self.state {
                let here = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                bytes = bytes.get(here..).unwrap_or_default();
                self.spend(here)?;
                let left = left.saturating_sub(here as u64);
                self.state = State::Bytes(left);
                if left == 0 {
                    complete += self.close();
                }
                continue;
            }
            bytes = rest;
            self.spend(1)?;
            complete += self.step(byte)?;
        }
        Ok(complete)
    }

    fn step(&mut self, byte: u8) -> Result<usize, BadAnswer> {
        match (&mut self.state, byte) {
            (State::Kind, b'+' | b'-') => {
                self.spend(VALUE_BYTES)?;
                self.state = State::Text;
            }
            (State::Kind, kind @ (b':' | b'$' | b'*')) => {
                self.spend(VALUE_BYTES)?;
                self.state = State::Number { kind, digits: 0, negative: false, value: 0 };
            }
            (State::Text, b'\r') => self.state = State::LineEnd(After::Value),
            (State::Text, byte) if byte != b'\n' => {}
            (State::Number { digits: 0, negative, .. }, b'-') if !*negative => *negative = true,
            (State::Number { digits, value, .. }, b'0'..=b'9') if *digits < 19 => {
                *digits += 1;
                *value = 10 * *value + u64::from(byte - b'0');
            }
            (&mut State::Number { kind, digits: 1.., negative, value }, b'\r') => {
                self.state = State::LineEnd(self.announced(kind, negative, value)?);
            }
            (&mut State::LineEnd(after), b'\n') => {
                self.state = State::Kind;
                match after {
                    After::Value | After::Array(0) => return Ok(self.close()),
                    After::Bytes(length) => self.state = State::Bytes(length.saturating_add(2)),
                    After::Array(_) if self.open.len() == DEPTH => return Err(BadAnswer::TooDeep),
                    After::Array(length) => self.open.push(length),
                }
            }
            _ => return Err(BadAnswer::Garbage),
        }
        Ok(0)
    }

    /// What a number says of what follows. Only that is refused early for which there will be no room.
    fn announced(&self, kind: u8, negative: bool, value: u64) -> Result<After, BadAnswer> {
        let room = self.most.saturating_sub(self.spent) as u64;
        match (kind, negative) {
            (b':', _) => Ok(After::Value),
            // Nothing.
            (_, true) if value == 1 => Ok(After::Value),
            (_, true) => Err(BadAnswer::Garbage),
            (b'$', false) if value > room => Err(BadAnswer::TooLong(self.most)),
            (b'$', false) => Ok(After::Bytes(value)),
            (_, false) if value.saturating_mul(VALUE_BYTES as u64) > room => {
                Err(BadAnswer::TooLong(self.most))
            }
            (_, false) => Ok(After::Array(value)),
        }
    }

    /// A value has ended; and with it the arrays whose last one it was. Says how many values that no other holds.
    fn close(&mut self) -> usize {
        self.state = State::Kind;
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return 0;
            }
            self.open.pop();
        }
        self.spent = 0;
        1
    }
}
