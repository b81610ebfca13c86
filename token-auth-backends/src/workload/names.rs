//! Names in claims that can become someone else's.

use super::TrustedIssuer;
use super::requirement::Requirement;

/// A name that an issuer says, and what it says of the same thing that stays when the name is given to another.
const NAMES: [(&str, &str); 9] = [
    ("repository", "repository_id"),
    ("repository_owner", "repository_owner_id"),
    ("enterprise", "enterprise_id"),
    ("project_path", "project_id"),
    ("namespace_path", "namespace_id"),
    ("job_workflow_ref", "repository_owner_id"),
    ("actor", "actor_id"),
    ("user_login", "user_id"),
    ("user_email", "user_id"),
];

/// Whose condition makes all names within it good: nobody else is the owner of them.
const OWNERS: [&str; 5] =
    ["repository_id", "repository_owner_id", "enterprise_id", "project_id", "namespace_id"];

impl TrustedIssuer {
    /// The names that the conditions, or else the account, go by, and that another person can register once their owner has
    /// given them up or has been renamed; each with the claim to go by instead. None where a condition is on an id of the
    /// owner.
    pub fn names_that_change_hands(&self) -> Vec<(&str, &'static str)> {
        let required = |claim: &str| self.requirements.iter().any(|required| required.claim == claim);
        let owned = OWNERS.iter().any(|claim| required(claim));
        let conditions = self.requirements.iter().map(|required| required.claim.as_str());
        let names = conditions.chain(self.account.claims());
        let mut found: Vec<(&str, &'static str)> = Vec::new();
        for name in names {
            let id = NAMES.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
            let Some(id) = id.or_else(|| self.id_in_place_of(name)) else { continue };
            // A person is no owner of what the conditions are about.
            let good = required(id) || (owned && OWNERS.contains(&id));
            if !good && !found.iter().any(|(known, _)| *known == name) {
                found.push((name, id));
            }
        }
        found
    }

    /// What stays of a subject that is made of names, as far as that is known. With ids in it (`repo:OWNER@ID/REPO@ID`), which
    /// it has for what was made, renamed or transferred at GitHub since July 2026, it stays itself.
    fn id_in_place_of(&self, name: &str) -> Option<&'static str> {
        if name != "sub" {
            return None;
        }
        let conditions = self.requirements.iter().filter(|required| required.claim == "sub");
        let mut globs = conditions.flat_map(Requirement::globs).peekable();
        if globs.peek().is_none() {
            return self.is_github().then_some("repository_owner_id");
        }
        globs.find_map(|glob| match glob.split_once(':') {
            Some(("repo", rest)) if !rest.contains('@') => Some("repository_owner_id"),
            Some(("project_path", _)) => Some("project_id"),
            _ => None,
        })
    }

    /// GitHub, or an Enterprise Server.
    fn is_github(&self) -> bool {
        self.issuer.starts_with("https://token.actions.githubusercontent.com")
            || self.issuer.ends_with("/_services/token")
    }
}
