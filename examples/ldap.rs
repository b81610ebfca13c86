//! A token server for the people of an OpenLDAP directory: who logs in may do everything below the own name, and groups may
//! pull what is below theirs.
//!
//! ```text
//! echo registry-secret > ldap-password
//! cargo run --example ldap -- ldaps://ldap.example.com dc=example,dc=com cn=registry,dc=example,dc=com ldap-password
//!
//! curl -s -u alice:wonderland 'http://127.0.0.1:5001/auth?service=registry&scope=repository:alice/app:pull,push'
//! curl -s -u alice:wonderland 'http://127.0.0.1:5001/auth?service=registry&scope=repository:developers/app:pull'
//! ```
//!
//! The arguments: a server, the directory's suffix with `ou=people` and `ou=groups` below it, the account that searches, and
//! the file with its password.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use token_auth_backends::core::TokenService;
use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::ldap::{GroupSearch, LdapAuthenticator, LdapOptions, ServiceAccount, UserSearch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, suffix, name, password_file] = arguments.as_slice() else {
        return Err("usage: ldap SERVER SUFFIX BIND_DN PASSWORD_FILE".into());
    };
    let users =
        UserSearch::new(format!("ou=people,{suffix}"), "(|(uid=${account})(mail=${account}))".parse()?);
    let mut options = LdapOptions::new([server.parse()?], users);
    options.service = Some(ServiceAccount::new(name, password_file));
    // Alice is alice, also when she logs in with her address.
    options.account.attribute = Some("uid".to_owned());
    options.account.lower_case = true;
    let mut groups = GroupSearch::new(format!("ou=groups,{suffix}"), "(member=${dn})".parse()?);
    groups.nested = Some("(member=${dn})".parse()?);
    options.groups.push(groups.with_label("group"));
    let directory = LdapAuthenticator::new(options)?;

    let acl = Acl::new([
        Rule::new(Match::any().name("${account}/*"), ["*"]),
        Rule::new(Match::any().name("${labels:group}/*"), ["pull"]),
    ])?;
    let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
    let service = TokenService::new("example", directory, acl, Signer::new(key)?)?;
    let app = Router::new().route_service("/auth", TokenEndpoint::new(service)).layer(map_request(
        async |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| {
            request.extensions_mut().insert(ClientAddress::from(peer));
            request
        },
    ));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
