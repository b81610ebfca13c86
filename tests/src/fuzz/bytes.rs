/// Bytes as a source of choices. When they are used up, every choice is the first.
pub(super) struct Bytes<'d> {
    left: &'d [u8],
}

impl<'d> Bytes<'d> {
    pub(super) fn new(data: &'d [u8]) -> Self {
        Self { left: data }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// One of so many.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.left.split_first() else { return 0 };
        self.left = rest;
        usize::from(*first) % count
    }

    pub(super) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// So many pieces at most, joined.
    pub(super) fn join(&mut self, most: usize, from: &[&str]) -> String {
        (0..self.below(most + 1)).map(|_| self.choose(from)).collect()
    }
}
