//! What is computed for names that have no password, so that they take as long as those that have one.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use crate::password::PasswordHash;

/// One hash for each cost that the passwords of a table have.
///
/// A name takes a cost as if it had been given a password like the others: the dear ones about as often as accounts have
/// them. It is always the same for a name, on every replica and after every reload and restart, as it is with names that
/// exist: only what the hashes themselves hide, and no random key, decides. Changes of other accounts move few names: what
/// counts of a cost is one of its hashes, and its share by powers of two.
#[derive(Default)]
pub(crate) struct Decoys(Vec<Decoy>);

struct Decoy {
    hash: PasswordHash,
    /// Nobody can tell which names come here who does not know it.
    key: String,
    share: f64,
}

impl Decoys {
    /// What to compute for this name: one of these, or of further ones.
    pub(crate) fn choose<'a>(&'a self, name: &str, further: &'a Self) -> Option<&'a PasswordHash> {
        let all = self.0.iter().chain(&further.0);
        all.max_by(|one, other| one.score(name).total_cmp(&other.score(name))).map(|decoy| &decoy.hash)
    }
}

impl FromIterator<PasswordHash> for Decoys {
    fn from_iter<I: IntoIterator<Item = PasswordHash>>(hashes: I) -> Self {
        let mut by_cost: BTreeMap<String, Vec<PasswordHash>> = BTreeMap::new();
        for hash in hashes {
            by_cost.entry(hash.cost().to_owned()).or_default().push(hash);
        }
        let decoy = |hashes: Vec<PasswordHash>| {
            let share = f64::from(hashes.len().ilog2()).exp2();
            let hash = hashes.into_iter().min_by_key(PasswordHash::security_stamp)?;
            Some(Decoy { key: hash.security_stamp(), hash, share })
        };
        Self(by_cost.into_values().filter_map(decoy).collect())
    }
}

impl Decoy {
    /// Of several the highest is chosen, each as often as its share says: weighted rendezvous hashing.
    fn score(&self, name: &str) -> f64 {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"token-auth decoy\0");
        context.update(self.key.as_bytes());
        context.update(name.as_bytes());
        let bits = context.finish().as_ref().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let between_0_and_1 = (f64::from(bits) + 0.5) / 4_294_967_296.0;
        -self.share / between_0_and_1.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of bcrypt that differ in their cost and their salt.
    fn hashes(count: u32, cost: u32) -> impl Iterator<Item = PasswordHash> {
        (0..count).map(move |number| {
            let salt = char::from_u32(u32::from('a') + number).unwrap();
            format!("$2y${cost:02}${salt}O.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC")
                .parse()
                .unwrap()
        })
    }

    fn costs(decoys: &Decoys, further: &Decoys) -> Vec<String> {
        let cost = |name: String| decoys.choose(&name, further).map_or("none", PasswordHash::cost).to_owned();
        (0..1_000).map(|number| cost(format!("name-{number}"))).collect()
    }

    #[test]
    fn names_stay_with_their_cost_whatever_becomes_of_other_accounts() {
        let none = Decoys::default();
        let now = costs(&hashes(6, 4).chain(hashes(2, 5)).collect(), &none);
        assert_eq!(now, costs(&hashes(6, 4).chain(hashes(2, 5)).collect(), &none), "after a restart");
        assert_eq!(now, costs(&hashes(7, 4).chain(hashes(3, 5)).collect(), &none), "with new accounts");
        assert_eq!(now, costs(&hashes(6, 4).collect(), &hashes(2, 5).collect()), "in two tables");
        let dear = now.iter().filter(|cost| *cost == "05").count();
        assert!((250..420).contains(&dear), "{dear} of 1000");
    }

    #[test]
    fn without_passwords_there_is_nothing_to_compute() {
        assert!(Decoys::default().choose("alice", &Decoys::default()).is_none());
    }
}
