//! How a database is reached, for who keeps accounts or rules there.

use crate::config::kind::{Key, Kind};

pub(super) const DATABASE: &[Key] = &[
    Key::new(
        "database_type",
        Kind::Choice(&["mysql", "postgres", "sqlite3"]),
        "Which kind: MySQL is MariaDB, too.",
    )
    .required()
    .example("postgres"),
    Key::new(
        "conn_string",
        Kind::Text,
        "Where it is, in the form of docker_auth's driver: `host=… dbname=…` or a URL, \
         `user:password@tcp(host:port)/database`, or a file.",
    )
    .secret()
    .usual()
    .with_value()
    .example("host=db.example.com user=docker_auth dbname=docker_auth sslmode=verify-full"),
    Key::new("conn_string_file", Kind::File, "The file that holds it, where it has a password in it.")
        .secret()
        .ours()
        .instead_of(&["conn_string"])
        .example("/run/secrets/database"),
    Key::new("timeout", Kind::TIME, "How long a question may take.").ours().default("5s"),
];

/// Bytes of an answer.
pub(super) const BYTES: Kind = Kind::Integer { smallest: 1024, largest: u32::MAX as i64 };

#[cfg(feature = "sql")]
mod located {
    use std::path::PathBuf;

    use crate::config::finding::Spot;
    use crate::config::section::Section;
    use crate::named_file;
    use crate::sql::{SqlDatabase, SqlKind};

    /// A database, and where to complain of it.
    #[derive(Debug)]
    pub(in crate::config::blocks) struct Located {
        place: Place,
        pub(in crate::config::blocks) spot: Spot,
    }

    #[derive(Debug)]
    enum Place {
        Here(SqlDatabase),
        File(SqlKind, PathBuf),
    }

    impl Located {
        pub(in crate::config::blocks) fn read(section: &Section<'_>) -> Option<Self> {
            let kind = section.require("database_type").and_then(|field| field.choice())?;
            let kind: SqlKind = kind.parse().ok()?;
            match (section.get("conn_string"), section.get("conn_string_file")) {
                (Some(here), Some(_)) => {
                    here.error("stands beside `conn_string_file`: keep one of them");
                    None
                }
                (Some(here), None) => {
                    let text = here.filled()?;
                    match SqlDatabase::new(kind, text) {
                        Ok(database) => Some(Self { place: Place::Here(database), spot: here.spot() }),
                        Err(error) => {
                            here.error(error.to_string());
                            None
                        }
                    }
                }
                (None, Some(file)) => {
                    Some(Self { place: Place::File(kind, file.file()?), spot: file.spot() })
                }
                (None, None) => {
                    section.missing("conn_string", "is required, or `conn_string_file`");
                    None
                }
            }
        }

        /// With what stands in the file.
        pub(in crate::config::blocks) fn database(&self) -> Result<SqlDatabase, String> {
            let (kind, file) = match &self.place {
                Place::Here(database) => return Ok(database.clone()),
                Place::File(kind, file) => (*kind, file),
            };
            let shown = file.display();
            let text = named_file::read_text(file, named_file::SECRET_BYTES)
                .map_err(|error| format!("{shown}: {error}"))?;
            match text.trim() {
                "" => Err(format!("{shown}: holds no connection string")),
                text => SqlDatabase::new(kind, text).map_err(|error| format!("{shown}: {error}")),
            }
        }
    }
}
#[cfg(feature = "sql")]
pub(super) use located::Located;
