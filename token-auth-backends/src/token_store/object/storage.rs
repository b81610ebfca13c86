//! Asking object storage: one request, or one page of a listing, in time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, Fuse};
use object_store::path::Path;
use object_store::{
    Error, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use tokio::time::timeout;

use super::error::Fault;

pub(super) struct Storage {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) timeout: Duration,
    pub(super) largest: u64,
}

/// What stands under a name.
pub(super) struct Object {
    pub(super) data: Vec<u8>,
    pub(super) version: UpdateVersion,
}

/// What has become of a conditional write.
pub(super) enum Put {
    Done(UpdateVersion),
    /// The condition does not hold.
    Refused,
}

impl Storage {
    pub(super) async fn get(&self, path: &Path) -> Result<Option<Object>, Fault> {
        self.within(async {
            let found = match self.objects.get(path).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                found => found?,
            };
            let ObjectMeta { size, e_tag, version, .. } = found.meta.clone();
            if size > self.largest {
                return Err(Fault::TooLarge(size));
            }
            let data = found.bytes().await?.to_vec();
            Ok(Some(Object { data, version: UpdateVersion { e_tag, version } }))
        })
        .await
    }

    /// Writes, whatever is there.
    pub(super) async fn put(&self, path: &Path, data: Vec<u8>) -> Result<(), Fault> {
        self.within(async { Ok(self.objects.put(path, data.into()).await.map(drop)?) }).await
    }

    /// Writes where the expected version is; where nothing is, if none is expected.
    pub(super) async fn put_if(
        &self,
        path: &Path,
        expected: Option<UpdateVersion>,
        data: Vec<u8>,
    ) -> Result<Put, Fault> {
        let replaces = expected.is_some();
        let mode = expected.map_or(PutMode::Create, PutMode::Update);
        self.within(async {
            match self.objects.put_opts(path, PutPayload::from(data), PutOptions::from(mode)).await {
                Ok(done) => Ok(Put::Done(UpdateVersion { e_tag: done.e_tag, version: done.version })),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Refused),
                // Gone meanwhile; else it is the bucket that is missing.
                Err(Error::NotFound { .. }) if replaces => Ok(Put::Refused),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Removes what is there, if anything is.
    pub(super) async fn delete(&self, path: &Path) -> Result<(), Fault> {
        self.within(async {
            match self.objects.delete(path).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// The names below this one; those behind another one, if the storage can begin there.
    pub(super) fn list(&self, below: &Path, after: Option<&Path>) -> Listing<'_> {
        let names = match after {
            None => self.objects.list(Some(below)),
            Some(after) => self.objects.list_with_offset(Some(below), after),
        };
        Listing { storage: self, names: names.fuse() }
    }

    async fn within<T>(&self, request: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        timeout(self.timeout, request).await.unwrap_or(Err(Fault::TimedOut(self.timeout)))
    }
}

/// A listing under way.
pub(super) struct Listing<'s> {
    storage: &'s Storage,
    names: Fuse<BoxStream<'static, object_store::Result<ObjectMeta>>>,
}

impl Listing<'_> {
    pub(super) async fn next(&mut self) -> Result<Option<Path>, Fault> {
        let Self { storage, names } = self;
        let next = storage.within(async { Ok(names.next().await.transpose()?) }).await?;
        Ok(next.map(|found| found.location))
    }
}
