use serde_json::json;

use crate::node::node;
use crate::{Process, curl};

/// GitHub and GitLab, as far as a sign-in asks them; killed when this is dropped. Nobody can run the real ones.
pub struct Forge {
    _process: Process,
    /// The address of both.
    pub url: String,
}

impl Forge {
    /// With one application, whose callback at GitHub this is.
    pub fn start(callback: &str) -> Self {
        let process = Process::spawn(node("forge.mjs").args(["0", callback]));
        let url = process.wait_for_stdout("where it listens", |text| {
            text.lines().find_map(|line| line.strip_prefix("listening on ")).map(ToOwned::to_owned)
        });
        Self { _process: process, url }
    }

    /// Who is signed in there: a name, whether it is a member of `acme`, and its teams or groups.
    pub fn person(&self, id: u64, name: &str, member: bool, groups: &[&str]) {
        let person = json!({"id": id, "name": name, "member": member, "groups": groups});
        curl(&["--json", &person.to_string(), &format!("{}/control/person", self.url)]).is(200);
    }
}
