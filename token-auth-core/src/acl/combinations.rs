//! All ways to choose one value for each label of a pattern.

use crate::LabelValue;

/// All ways to choose one value for each label. If a label has no value, there is none; and none if there is no label.
pub(super) struct Combinations<'v> {
    choices: Vec<(&'v str, &'v [LabelValue])>,
    /// For each label, which value comes next.
    next: Option<Vec<usize>>,
    current: Vec<(&'v str, &'v LabelValue)>,
}

impl<'v> Combinations<'v> {
    pub(super) fn new(choices: Vec<(&'v str, &'v [LabelValue])>) -> Self {
        let some = !choices.is_empty() && choices.iter().all(|(_, values)| !values.is_empty());
        Self { next: some.then(|| vec![0; choices.len()]), current: Vec::new(), choices }
    }

    /// The next combination.
    pub(super) fn next(&mut self) -> Option<&[(&'v str, &'v LabelValue)]> {
        let mut places = self.next.take()?;
        let chosen = self.choices.iter().zip(&places);
        self.current.clear();
        self.current
            .extend(chosen.filter_map(|((label, values), place)| Some((*label, values.get(*place)?))));
        for (place, (_, values)) in places.iter_mut().zip(&self.choices) {
            *place += 1;
            if *place < values.len() {
                self.next = Some(places);
                break;
            }
            *place = 0;
        }
        Some(&self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(choices: &[&[&str]]) -> Vec<String> {
        let values: Vec<Vec<_>> = choices
            .iter()
            .map(|values| values.iter().map(|value| LabelValue::literal(*value)).collect())
            .collect();
        let mut combinations = Combinations::new(values.iter().map(|values| ("", &**values)).collect());
        let mut all = Vec::new();
        while let Some(combination) = combinations.next() {
            all.push(combination.iter().map(|(_, value)| value.as_str()).collect());
        }
        all
    }

    #[test]
    fn combines_every_value_with_every_other() {
        assert_eq!(all(&[&["a", "b"]]), ["a", "b"]);
        assert_eq!(all(&[&["a", "b"], &["1", "2", "3"]]), ["a1", "b1", "a2", "b2", "a3", "b3"]);
        assert!(all(&[]).is_empty());
        assert!(all(&[&["a"], &[]]).is_empty());
    }
}
