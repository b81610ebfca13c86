use std::path::PathBuf;

use crate::{Daemon, KeyPair, Place, Program, guide_to_proxies};

/// nginx, which ends TLS for a server and serves it below a path; it is killed when this is dropped.
pub struct Proxy {
    _nginx: Daemon,
    /// Where browsers find the server: `https://127.0.0.1:PORT/PATH`.
    pub url: String,
    /// The certificate, and the authority that issued it.
    pub certificate: (PathBuf, PathBuf),
}

impl Proxy {
    /// Serves this server below this path, which it takes off, as the guide says.
    pub fn start(place: &Place, server: &str, path: &str) -> Self {
        let folder = place.own_folder("nginx-");
        let authority = KeyPair::issue(&folder, "proxy", "IP:127.0.0.1");
        let certificate = (folder.join("proxy.pem"), authority);
        let (_, location) = guide_to_proxies();
        let location = location.replace("http://127.0.0.1:5001", server).replace("/login", path);
        let config = include_str!("../data/nginx.conf").replace("LOCATION", &location);
        let nginx = Daemon::start("nginx/", move |port| {
            let file = folder.join(format!("{port}.conf"));
            std::fs::write(&file, config.replace("PORT", &port.to_string())).unwrap();
            let mut command = Program::NGINX.command();
            command.args(["-e", "stderr", "-p"]).arg(&folder).arg("-c").arg(file);
            command
        });
        let url = format!("https://{}{path}", nginx.address());
        Self { _nginx: nginx, url, certificate }
    }
}
