//! How long a directory may take, how much it may send, and what is remembered of it.

use std::time::Duration;

use super::super::section::Section;
use crate::ldap::{LdapLimits, LdapMemory, LdapPool, LdapTimeouts};

/// `timeouts`, `pool`, `limits`, and what is remembered.
pub(super) fn read(section: &Section<'_>) -> (LdapTimeouts, LdapPool, LdapLimits, LdapMemory) {
    let (mut timeouts, mut pool) = (LdapTimeouts::default(), LdapPool::default());
    let (mut limits, mut memory) = (LdapLimits::default(), LdapMemory::default());
    if let Some(section) = section.get("timeouts").and_then(|field| field.section()) {
        let LdapTimeouts { connect, bind, search, total, retry, max_retry } = &mut timeouts;
        times(
            &section,
            [
                ("connect", connect),
                ("bind", bind),
                ("search", search),
                ("total", total),
                ("retry", retry),
                ("max_retry", max_retry),
            ],
        );
        section.finish();
    }
    if let Some(section) = section.get("pool").and_then(|field| field.section()) {
        let LdapPool { connections, queue, idle, lifetime } = &mut pool;
        counts(&section, [("connections", connections), ("queue", queue)]);
        times(&section, [("idle", idle), ("lifetime", lifetime)]);
        section.finish();
    }
    if let Some(section) = section.get("limits").and_then(|field| field.section()) {
        let LdapLimits { account_bytes, password_bytes, groups, nesting, message_bytes, answer_bytes } =
            &mut limits;
        counts(
            &section,
            [
                ("account_bytes", account_bytes),
                ("password_bytes", password_bytes),
                ("groups", groups),
                ("nesting", nesting),
                ("message_bytes", message_bytes),
                ("answer_bytes", answer_bytes),
            ],
        );
        section.finish();
    }
    let LdapMemory { cache, grace, owned, .. } = &mut memory;
    for (key, time) in [("cache_ttl", cache), ("grace", grace), ("owned_ttl", owned)] {
        if let Some(value) = section.get(key).and_then(|field| field.duration()) {
            *time = value;
        }
    }
    counts(section, [("remembered_logins", &mut memory.entries)]);
    (timeouts, pool, limits, memory)
}

fn times<const N: usize>(section: &Section<'_>, times: [(&'static str, &mut Duration); N]) {
    for (key, time) in times {
        if let Some(value) = section.get(key).and_then(|field| field.duration()) {
            *time = value;
        }
    }
}

fn counts<const N: usize>(section: &Section<'_>, counts: [(&'static str, &mut usize); N]) {
    for (key, count) in counts {
        if let Some(value) = section.get(key).and_then(|field| field.count()) {
            *count = value;
        }
    }
}
