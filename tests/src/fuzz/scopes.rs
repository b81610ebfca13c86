use token_auth_core::{RequestLimits, RequestParts, ResourceScope, ScopeLimits, ScopeSet, TokenRequest};

/// A scope that is printed is read as itself, and a set names each resource once. The lines of the text are parameters.
pub fn scopes(data: &[u8]) {
    let _ = TokenRequest::parse(
        RequestParts { query: &String::from_utf8_lossy(data), authorization: Some(data), form: Some(data) },
        RequestLimits::default(),
    );
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(scope) = text.parse::<ResourceScope>() {
        assert_eq!(scope.to_string().parse::<ResourceScope>().unwrap(), scope);
    }
    let limits = ScopeLimits { scopes: 10, actions: 4 };
    let Ok(set) = ScopeSet::parse(text.lines(), limits) else { return };
    assert!(set.scopes().len() + set.rejected().len() <= limits.scopes);
    let mut names: Vec<_> = set.scopes().iter().map(|scope| (scope.resource_type(), scope.name())).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), set.scopes().len());
    for scope in set.scopes() {
        assert!(scope.actions().len() <= limits.actions);
        assert_eq!(scope.to_string().parse::<ResourceScope>().unwrap(), *scope);
    }
}
