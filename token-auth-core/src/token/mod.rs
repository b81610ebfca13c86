//! Claims, keys and key ids, signer, verifier, JWK sets.
