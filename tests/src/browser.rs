use std::cell::{Cell, RefCell};
use std::path::Path;

use serde_json::{Value, json};

use crate::node::node;
use crate::{Place, Process, Program};

/// A browser without JavaScript, with a profile of its own; it ends when this is dropped.
pub struct Browser {
    process: RefCell<Process>,
    asked: Cell<usize>,
}

impl Browser {
    /// A new one, which has seen nothing yet.
    pub fn new(place: &Place) -> Self {
        Self::start(place, None)
    }

    /// A new one, which also trusts the key of this certificate.
    pub fn trusting(place: &Place, certificate: &Path) -> Self {
        Self::start(place, Some(certificate))
    }

    fn start(place: &Place, certificate: Option<&Path>) -> Self {
        let mut command = node("browser.mjs");
        command.arg(Program::CHROMIUM.path()).arg(place.own_folder("browser-")).args(certificate);
        Self { process: RefCell::new(Process::spawn(&mut command)), asked: Cell::new(0) }
    }

    /// Goes to an address; answers the status.
    #[track_caller]
    pub fn go(&self, url: &str) -> u64 {
        self.ask(&json!({"do": "go", "url": url}))["status"].as_u64().unwrap()
    }

    /// Follows the link of this name.
    #[track_caller]
    pub fn follow(&self, name: &str) {
        self.ask(&json!({"do": "click", "role": "link", "name": name}));
    }

    /// Presses the button of this name.
    #[track_caller]
    pub fn press(&self, name: &str) {
        self.ask(&json!({"do": "click", "role": "button", "name": name}));
    }

    /// Fills in the field with this label.
    #[track_caller]
    pub fn fill(&self, label: &str, value: &str) {
        self.ask(&json!({"do": "fill", "label": label, "value": value}));
    }

    /// Chooses in the list with this label.
    #[track_caller]
    pub fn select(&self, label: &str, value: &str) {
        self.ask(&json!({"do": "select", "label": label, "value": value}));
    }

    /// Types into the field of this selector.
    #[track_caller]
    pub fn type_into(&self, selector: &str, value: &str) {
        self.ask(&json!({"do": "type", "selector": selector, "value": value}));
    }

    /// Clicks the first of this selector.
    #[track_caller]
    pub fn click_first(&self, selector: &str) {
        self.ask(&json!({"do": "clickFirst", "selector": selector}));
    }

    /// Presses a key; answers the text of what has the focus then.
    #[track_caller]
    pub fn key(&self, key: &str) -> String {
        self.ask(&json!({"do": "press", "key": key}));
        text(&self.ask(&json!({"do": "focused"})))
    }

    /// The text of the first of this selector.
    #[track_caller]
    pub fn read(&self, selector: &str) -> String {
        text(&self.ask(&json!({"do": "read", "selector": selector})))
    }

    /// How many there are of this selector.
    #[track_caller]
    pub fn count(&self, selector: &str) -> u64 {
        self.ask(&json!({"do": "count", "selector": selector})).as_u64().unwrap()
    }

    /// The address of the page.
    #[track_caller]
    pub fn address(&self) -> String {
        text(&self.ask(&json!({"do": "where"})))
    }

    /// The page.
    #[track_caller]
    pub fn html(&self) -> String {
        text(&self.ask(&json!({"do": "html"})))
    }

    /// What a screen reader would tell: roles and names.
    #[track_caller]
    pub fn outline(&self) -> String {
        text(&self.ask(&json!({"do": "aria"})))
    }

    /// Its cookies.
    #[track_caller]
    pub fn cookies(&self) -> Vec<Value> {
        self.ask(&json!({"do": "cookies"})).as_array().unwrap().clone()
    }

    /// Gives it cookies.
    #[track_caller]
    pub fn set_cookies(&self, cookies: &[Value]) {
        self.ask(&json!({"do": "setCookies", "cookies": cookies}));
    }

    /// Forgets its cookies.
    #[track_caller]
    pub fn clear_cookies(&self) {
        self.ask(&json!({"do": "clearCookies"}));
    }

    /// Sets the size of the window and `light` or `dark`; answers by how many pixels the page is wider than the window.
    #[track_caller]
    pub fn look(&self, (width, height): (u32, u32), scheme: &str) -> i64 {
        let look = json!({"do": "look", "width": width, "height": height, "scheme": scheme});
        self.ask(&look).as_i64().unwrap()
    }

    /// What an accessibility checker finds wrong with the page, as it looks now.
    #[track_caller]
    pub fn audit(&self) -> Vec<Value> {
        self.ask(&json!({"do": "audit"})).as_array().unwrap().clone()
    }

    /// Takes a picture of the whole page.
    #[track_caller]
    pub fn picture(&self, path: &Path) {
        self.ask(&json!({"do": "picture", "path": path}));
    }

    /// What its console complained of since the last time.
    #[track_caller]
    pub fn complaints(&self) -> Vec<Value> {
        self.ask(&json!({"do": "complaints"})).as_array().unwrap().clone()
    }

    #[track_caller]
    fn ask(&self, command: &Value) -> Value {
        let mut process = self.process.borrow_mut();
        process.write(&format!("{command}\n"));
        let number = self.asked.get();
        self.asked.set(number + 1);
        let line =
            process.wait_for_stdout("its answer", |text| text.lines().nth(number).map(ToOwned::to_owned));
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["error"].is_null(), "{command}: {answer:#}");
        answer["ok"].take()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
