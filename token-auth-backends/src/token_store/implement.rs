//! Stores whose operations are those of what they hold.

/// Implements [`TokenStore`](token_auth_core::TokenStore) and [`BlobStore`](token_auth_core::BlobStore) for a store whose
/// operations are those of what it holds, by the same names, and are carried out by its `run`.
macro_rules! implement_token_store {
    ($store:ty $(, $($further:tt)*)?) => {
        #[async_trait]
        impl TokenStore for $store {
            async fn insert(&self, record: &TokenRecord) -> Result<(), BackendError> {
                self.run(self.0.insert(record)).await
            }

            async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, BackendError> {
                self.run(self.0.get(id)).await
            }

            async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), BackendError> {
                self.run(self.0.touch(id, last_use)).await
            }

            async fn list(
                &self,
                query: &TokenQuery,
                after: Option<&PageCursor>,
                limit: usize,
            ) -> Result<TokenPage, BackendError> {
                self.run(self.0.list(query, after, limit.max(1))).await
            }

            async fn revoke(&self, id: &TokenId) -> Result<bool, BackendError> {
                self.run(self.0.revoke(id)).await
            }

            async fn revoke_account(
                &self,
                account: &str,
                kind: Option<TokenKind>,
            ) -> Result<u64, BackendError> {
                self.run(self.0.revoke_account(account, kind)).await
            }

            async fn purge(&self, now: SystemTime) -> Result<u64, BackendError> {
                self.run(self.0.purge(now)).await
            }

            async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, BackendError> {
                self.run(self.0.trim(account, kind, keep)).await
            }

            fn name(&self) -> Cow<'static, str> {
                NAME.into()
            }

            $($($further)*)?
        }

        #[async_trait]
        impl BlobStore for $store {
            async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, BackendError> {
                self.run(self.0.read_blob(key)).await
            }

            async fn write_blob(
                &self,
                key: &BlobKey,
                expected: Option<&BlobVersion>,
                data: &[u8],
            ) -> Result<BlobWrite, BackendError> {
                self.run(self.0.write_blob(key, expected, data)).await
            }

            async fn remove_blob(&self, key: &BlobKey) -> Result<bool, BackendError> {
                self.run(self.0.remove_blob(key)).await
            }
        }
    };
}

pub(super) use implement_token_store;
