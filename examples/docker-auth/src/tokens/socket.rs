//! The socket beside the store, over which a running server is asked: one line of JSON, one line back.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use arc_swap::ArcSwap;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::command::{self, Ask, Reply};
use crate::socket_file::SocketFile;
use crate::state::State;

/// How long one command may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of a question.
const MAX_QUESTION: u64 = 64 * 1024;

/// Where a running server answers commands. Ends when it is dropped.
pub(crate) struct Desk {
    store: Option<PathBuf>,
    open: Option<Open>,
}

struct Open {
    _file: SocketFile,
    task: JoinHandle<()>,
}

impl Desk {
    /// Closed.
    pub(crate) fn new() -> Self {
        Self { store: None, open: None }
    }

    /// Opens beside the store of the present state; stays as it is if that is the same as before.
    pub(crate) fn follow(&mut self, state: &Arc<ArcSwap<State>>) {
        let store = state.load().token_file.clone();
        if store == self.store {
            return;
        }
        self.open = None;
        self.store.clone_from(&store);
        let Some(store) = store else { return };
        match Open::at(&socket_of(&store), Arc::clone(state)) {
            Ok(open) => self.open = Some(open),
            // The tokens themselves are served all the same.
            Err(error) => warn!("`docker-auth tokens` cannot reach this server: {error:#}"),
        }
    }
}

impl Open {
    fn at(socket: &Path, state: Arc<ArcSwap<State>>) -> Result<Self> {
        let listener = bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
        info!(socket = %socket.display(), "answering `docker-auth tokens`");
        let task = tokio::spawn(serve(listener, state));
        Ok(Self { _file: SocketFile::bound(socket), task })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `tokens.redb.sock`. The store is this process's alone, so that a socket which is there is one that was left behind.
fn socket_of(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".sock");
    store.with_file_name(name)
}

/// A socket for its owner only from the first moment on: made in a folder that nobody else can enter, then moved.
fn bind(socket: &Path) -> io::Result<UnixListener> {
    let mut folder = socket.as_os_str().to_owned();
    folder.push(".d");
    let folder = PathBuf::from(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let inside = folder.join("s");
    let bound = UnixListener::bind(&inside).and_then(|listener| {
        fs::set_permissions(&inside, Permissions::from_mode(0o600))?;
        fs::rename(&inside, socket)?;
        Ok(listener)
    });
    let _ = fs::remove_dir_all(&folder);
    bound
}

async fn serve(listener: UnixListener, state: Arc<ArcSwap<State>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let state = state.load_full();
                tokio::spawn(async move {
                    match tokio::time::timeout(TIMEOUT, converse(stream, &state)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => warn!(%error, "a command was not answered"),
                        Err(_) => warn!("a command took too long"),
                    }
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept a command");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, state: &State) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reading.take(MAX_QUESTION)).read_line(&mut line).await?;
    let reply = match serde_json::from_str::<Ask>(&line) {
        Ok(question) => {
            let (what, account) = (question.describe(), question.account().map(ToOwned::to_owned));
            let token = question.token().cloned();
            let reply = command::answer(state.endpoint.service(), question).await;
            let token_id = reply.token().or(token.as_ref()).map(tracing::field::display);
            let outcome = reply.describe();
            info!(command = what, uid, account, token_id, outcome, "a command for the tokens");
            reply
        }
        Err(error) => Reply::Failed(format!("the running server does not understand the command: {error}")),
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    writing.write_all(&line).await?;
    writing.shutdown().await
}

/// Also where the path is too long for a socket: no server can have opened one there.
fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}

/// Asks the server that has this store open; nothing if there is none.
///
/// # Errors
///
/// When there is a server, and it does not answer.
pub async fn ask(store: &Path, question: &Ask) -> Result<Option<Reply>> {
    let socket = socket_of(store);
    let stream = match UnixStream::connect(&socket).await {
        Ok(stream) => stream,
        Err(error) if nobody_listens(&error) => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot reach the server at {}", socket.display()));
        }
    };
    let conversation = async {
        let (reading, mut writing) = stream.into_split();
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        writing.write_all(&line).await?;
        let mut reply = String::new();
        BufReader::new(reading).read_line(&mut reply).await?;
        Ok::<Reply, anyhow::Error>(serde_json::from_str(&reply)?)
    };
    let reply = tokio::time::timeout(TIMEOUT, conversation).await;
    reply.context("the server does not answer")?.context("the server's answer cannot be read").map(Some)
}
