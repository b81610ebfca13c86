use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;

use crate::{KeyPair, Place, Process, Program, run, until};

/// A domain controller of an Active Directory, `ex.test`, with people and groups, `data/ldap/domain.ldif`. It is killed when
/// this is dropped.
///
/// Its ports are fixed: each has an address of its own on the loopback network.
pub struct Samba {
    _process: Process,
    address: String,
    /// Whoever trusts this trusts the server.
    pub authority: PathBuf,
}

impl Samba {
    /// The password of the account that searches, `registry@ex.test`.
    pub const SERVICE_PASSWORD: &str = "registry-secret";

    /// Makes a domain, which takes some seconds, and starts its controller.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn start(place: &Place) -> Self {
        let folder = place.own_folder("samba-");
        let [number, _, high, low] = std::process::id().to_be_bytes();
        let address = format!("127.{}.{high}.{}", 100 + number % 100, low.max(2));
        let authority = KeyPair::issue(&folder, "dc", &format!("IP:{address}"));
        let option = |name: &str, value: &str| format!("--option={name}={value}");
        let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let network = [option("interfaces", &format!("{address}/8")), option("bind interfaces only", "yes")];

        let mut provision = Program::SAMBA_TOOL.command();
        provision.args(["domain", "provision", "--realm=EX.TEST", "--domain=EX", "--server-role=dc"]);
        provision.args(["--dns-backend=NONE", "--adminpass=Admin-secret1", "--host-name=dc"]);
        provision
            .arg(format!("--host-ip={address}"))
            .arg(format!("--targetdir={}", at("domain")))
            .args(&network);
        run(&mut provision, "").ok();

        for name in ["run", "log"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        let mut command = Program::SAMBA.command();
        command
            .args(["-i", "-M", "single", "--debug-stdout", "-s", &at("domain/etc/smb.conf")])
            .args(&network);
        for (name, value) in [
            ("server services", "ldap".to_owned()),
            ("pid directory", at("run")),
            ("ncalrpc dir", at("run/ncalrpc")),
            ("log file", at("log/log")),
            ("tls keyfile", at("dc.key")),
            ("tls certfile", at("dc.pem")),
            ("tls cafile", at("dc-ca.pem")),
        ] {
            command.arg(option(name, &value));
        }
        let process = Process::spawn(&mut command);
        until("samba to listen", || TcpStream::connect((address.as_str(), 636)).ok());
        let samba = Self { _process: process, address, authority };
        // What they lock and unlock is to be seen at once.
        samba.modify(include_str!("../data/ldap/domain.ldif"));
        samba
    }

    /// `ldaps://127.…`
    pub fn url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// `ldap://127.…`: nobody may bind there without StartTLS.
    pub fn plain_url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// Adds or changes entries, as their administrator. A
    /// `unicodePwd` is written as it is, and encoded here.
    #[track_caller]
    pub fn modify(&self, ldif: &str) {
        let mut command = Program::LDAPMODIFY.command();
        command.env("LDAPTLS_CACERT", &self.authority).args(["-x", "-H", &self.url()]);
        command.args(["-D", "Administrator@ex.test", "-w", "Admin-secret1"]);
        run(&mut command, &with_passwords(ldif)).ok();
    }
}

/// In quotes, in UTF-16, in Base64 (MS-ADTS, section 3.1.1.3.1.5.1).
fn with_passwords(ldif: &str) -> String {
    use base64::Engine as _;
    let line = |line: &str| match line.strip_prefix("unicodePwd: ") {
        Some(password) => {
            let bytes: Vec<u8> =
                format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
            format!("unicodePwd:: {}\n", base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        None => format!("{line}\n"),
    };
    ldif.lines().map(line).collect()
}
