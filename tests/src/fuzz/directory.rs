//! Search filters and distinguished names, as administrators write them and as accounts fill them.

use token_auth_backends::ldap::{BindTemplate, Filter};

/// A filter that is printed is read as itself, and a name that any account fills is a name. The first line is the template,
/// the rest is the account.
pub fn directory(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(filter) = text.parse::<Filter>() {
        let printed = filter.to_string();
        assert_eq!(printed.parse::<Filter>().as_ref(), Ok(&filter), "{printed}");
    }
    let (template, account) = text.split_once('\n').unwrap_or((text, ""));
    for template in
        [template.to_owned(), format!("{template}${{account}}"), format!("uid=${{account}},{template}")]
    {
        let Ok(template) = BindTemplate::new(template) else { continue };
        assert_eq!(BindTemplate::new(template.to_string()).as_ref(), Ok(&template));
        let Some(name) = template.name(account) else { continue };
        if template.to_string().contains('=') {
            // Only a distinguished name can be the lower end of another one.
            let longer = BindTemplate::new(format!("uid=${{account}},{}", name.replace("${", "$ {")));
            assert!(longer.is_ok(), "{template} for {account:?} is {name:?}");
        }
    }
}
