use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

use crate::{Finished, KeyPair, Place, Process, Program, run, until};

/// An OpenLDAP server with people and groups, `data/ldap/`. It is killed when this is dropped.
pub struct Slapd {
    process: Option<Process>,
    folder: PathBuf,
    log: &'static str,
    ports: [u16; 2],
    /// Whoever trusts this trusts the server.
    pub authority: PathBuf,
}

impl Slapd {
    /// The suffix of the directory.
    pub const BASE: &str = "dc=example,dc=com";
    /// The password of the account that searches, `cn=registry,dc=example,dc=com`.
    pub const SERVICE_PASSWORD: &str = "registry-secret";

    /// One with people and groups.
    pub fn start(place: &Place) -> Self {
        SlapdSetup::new(place).start()
    }

    /// `ldap://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.ports[0])
    }

    /// `ldaps://127.0.0.1:PORT`
    pub fn tls_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.ports[1])
    }

    /// Adds or changes entries, as their administrator.
    #[track_caller]
    pub fn modify(&self, ldif: &str) -> Finished {
        let mut command = Program::LDAPMODIFY.command();
        command.env("LDAPTLS_CACERT", &self.authority).args(["-x", "-a", "-H", &self.tls_url()]);
        // Where the server wants a certificate of its clients, its own will do.
        command.env("LDAPTLS_CERT", self.folder.join("slapd.pem"));
        command.env("LDAPTLS_KEY", self.folder.join("slapd.key"));
        run(command.args(["-D", "cn=admin,dc=example,dc=com", "-w", "admin-secret"]), ldif).ok()
    }

    /// Replaces an attribute of an entry.
    #[track_caller]
    pub fn replace(&self, dn: &str, attribute: &str, value: &str) {
        self.modify(&format!("dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"));
    }

    /// What it has logged of its operations.
    pub fn log(&self) -> String {
        self.process().stderr()
    }

    /// Waits for a line of its log.
    #[track_caller]
    pub fn wait_for_log(&self, words: &str) {
        self.process().wait_for_stderr(words, |log| log.contains(words).then_some(()));
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        self.process().signal(name);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again, on the same ports.
    pub fn restart(&mut self) {
        self.kill();
        self.process = spawn(&self.folder, self.ports, self.log);
        assert!(self.process.is_some(), "slapd does not start again");
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("slapd runs")
    }
}

/// How to start an OpenLDAP server.
pub struct SlapdSetup {
    folder: PathBuf,
    log: &'static str,
    authority: PathBuf,
    global: String,
    database: String,
    entries: String,
}

impl SlapdSetup {
    /// With people and groups, and a certificate for 127.0.0.1.
    pub fn new(place: &Place) -> Self {
        let folder = place.own_folder("slapd-");
        let authority = KeyPair::issue(&folder, "slapd", "IP:127.0.0.1");
        Self {
            folder,
            log: "stats",
            authority,
            global: String::new(),
            database: String::new(),
            entries: String::new(),
        }
    }

    /// Makes its certificate one for another name.
    #[must_use]
    pub fn certificate_for(self, name: &str) -> Self {
        let authority = KeyPair::issue(&self.folder, "slapd", name);
        Self { authority, ..self }
    }

    /// Lets it log nothing of its operations.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { log: "none", ..self }
    }

    /// Adds a line to the global part of its configuration.
    #[must_use]
    pub fn global(mut self, line: &str) -> Self {
        writeln!(self.global, "{line}").unwrap();
        self
    }

    /// Adds a line to the database's part of its configuration.
    #[must_use]
    pub fn database(mut self, line: &str) -> Self {
        writeln!(self.database, "{line}").unwrap();
        self
    }

    /// Adds so many people, `user0` and so on, whose passwords are `password0` and so on.
    #[must_use]
    pub fn people(mut self, count: usize) -> Self {
        for number in 0..count {
            let uid = format!("user{number}");
            write!(
                self.entries,
                "\ndn: uid={uid},ou=people,{base}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n\
                 userPassword: password{number}\n",
                base = Slapd::BASE
            )
            .unwrap();
        }
        self
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start(self) -> Slapd {
        let Self { folder, log, authority, global, database, entries } = self;
        fs::create_dir(folder.join("database")).unwrap();
        let config = include_str!("../data/ldap/slapd.conf").replace("FOLDER", folder.to_str().unwrap());
        let config = config.replace("GLOBAL\n", &global).replace("DATABASE\n", &database);
        fs::write(folder.join("slapd.conf"), config).unwrap();
        let people = format!("{}{entries}", include_str!("../data/ldap/people.ldif"));
        let mut load = Program::SLAPADD.command();
        run(load.arg("-q").arg("-f").arg(folder.join("slapd.conf")), &people).ok();
        // A port that was free may be taken in between.
        let (process, ports) = (0..10)
            .find_map(|_| {
                let ports = free_ports();
                Some((spawn(&folder, ports, log)?, ports))
            })
            .expect("slapd does not start");
        let slapd = Slapd { process: Some(process), folder, log, ports, authority };
        // While it runs, so that the overlay notices.
        slapd.modify(include_str!("../data/ldap/groups.ldif"));
        slapd
    }
}

/// `None` when it ends before it listens.
fn spawn(folder: &std::path::Path, ports: [u16; 2], log: &str) -> Option<Process> {
    let [plain, tls] = ports;
    let urls = format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}");
    let mut command = Program::SLAPD.command();
    command.arg("-f").arg(folder.join("slapd.conf")).args(["-h", &urls, "-d", log]);
    let process = Process::spawn(&mut command);
    let started = process.watch_stderr(|log| log.contains("slapd starting").then_some(()));
    started?;
    // It listens a moment after it has said so.
    for port in ports {
        until("slapd to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
    }
    Some(process)
}

fn free_ports() -> [u16; 2] {
    let listeners = [0; 2].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
