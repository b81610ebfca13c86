//! Why the rules of a configuration decide as they do.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::json;
use token_auth_backends::config::{Config, ConfigOptions};
use token_auth_backends::core::{AccessRequest, LabelValue, Labels};

use crate::cli::Explain;

pub(crate) fn explain(asked: &Explain) -> Result<()> {
    let file = asked.config.display().to_string();
    let text = fs::read(&asked.config).with_context(|| file.clone())?;
    let options = if asked.lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let (config, _) = Config::from_yaml(text, &file, &options)?;
    let acl = config.acl.as_ref().with_context(|| format!("{file}: there is no `acl` to explain"))?;
    let (labels, notes) = labels(asked, &config);
    let account = config.account_of_login(&asked.account);
    let explanations: Vec<_> = asked
        .scopes
        .iter()
        .map(|scope| {
            let request = AccessRequest::new(&account, scope.resource_type(), scope.name(), scope.actions());
            acl.explain(&request.with_labels(&labels).with_service(&asked.service).with_address(asked.ip))
        })
        .collect();
    if asked.json {
        let document = json!({"notes": notes, "explanations": explanations});
        println!("{}", serde_json::to_string_pretty(&document)?);
        return Ok(());
    }
    for note in notes {
        println!("note: {note}");
    }
    for explanation in explanations {
        print!("{explanation}");
    }
    Ok(())
}

/// The labels of the account, and what is to be said of them.
fn labels(asked: &Explain, config: &Config) -> (Labels, Vec<String>) {
    let Explain { account, .. } = asked;
    let user = config.user(account);
    let mut notes = Vec::new();
    let called = config.account_of_login(account);
    if *called != **account {
        notes.push(format!(
            "an account of the directory is called {called:?}, whatever its user types: that is asked about"
        ));
    }
    if account.is_empty() && user.is_none() {
        notes.push("there is no user \"\": anonymous requests are refused before a rule is asked".to_owned());
    }
    if !asked.labels.is_empty() || !asked.pattern_labels.is_empty() {
        let mut labels = Labels::new();
        for (name, value) in &asked.labels {
            labels.insert(name.as_str(), LabelValue::literal(value.as_str()));
        }
        for (name, value) in &asked.pattern_labels {
            labels.insert(name.as_str(), LabelValue::dangerous_pattern(value.as_str()));
        }
        return (labels, notes);
    }
    match user {
        Some(user) if !user.labels().is_empty() => {
            notes.push(format!("the labels of {account:?} are those under `users`"));
        }
        Some(_) => {}
        None if account.is_empty() => {}
        None => notes
            .push(format!("{account:?} is not under `users`: say with --label what its source says of it")),
    }
    (user.map(|user| user.labels().clone()).unwrap_or_default(), notes)
}
