//! The groups of a user, as a search finds them.

use std::collections::BTreeSet;

use super::connection::Search;
use super::entry::DirectoryEntry;
use super::failure::Failure;
use super::filter::Placeholder;
use super::label::Collected;
use super::searcher::Searcher;
use super::{Filter, GroupSearch, LdapLimits};

/// How many groups are asked about at once.
const BATCH: usize = 50;

/// The groups of one user, as one search finds them.
pub(super) struct Groups<'a> {
    search: &'a GroupSearch,
    limits: &'a LdapLimits,
    attributes: Vec<String>,
    /// By their names in lower case, so that a circle ends.
    seen: BTreeSet<String>,
    found: Vec<DirectoryEntry>,
}

impl<'a> Groups<'a> {
    /// Finds them.
    pub(super) async fn find(
        search: &'a GroupSearch,
        limits: &'a LdapLimits,
        searcher: &mut Searcher<'_, '_>,
        user: &DirectoryEntry,
        account: &str,
    ) -> Result<Self, Failure> {
        let attributes = vec![match search.name_attribute.eq_ignore_ascii_case("dn") {
            // None of them (RFC 4511, section 4.5.1.8).
            true => "1.1".to_owned(),
            false => search.name_attribute.clone(),
        }];
        let mut groups = Self { search, limits, attributes, seen: BTreeSet::new(), found: Vec::new() };
        let value = |placeholder: &Placeholder| match placeholder {
            Placeholder::Account => Some(account.to_owned()),
            Placeholder::Dn => Some(user.dn.clone()),
            Placeholder::User(attribute) => {
                user.texts(attribute).ok().and_then(|values| values.first().map(|value| (*value).to_owned()))
            }
        };
        // Without the attribute that groups name their members by, the user is in none.
        let mut new = match search.filter.render(&value) {
            Some(filter) => groups.ask(searcher, &[filter]).await?,
            None => Vec::new(),
        };
        if search.primary_group
            && let Some(filter) = primary_group(user)
        {
            let primary = groups.ask(searcher, &[filter]).await?;
            if search.filter.is_transitive() {
                new.extend(groups.ask(searcher, &inner(&search.filter, &primary)).await?);
            }
            new.extend(primary);
        }
        if let Some(nested) = &search.nested {
            groups.follow(searcher, nested, new).await?;
        }
        Ok(groups)
    }

    /// What the names of the groups are for labels.
    pub(super) fn label(&self, collected: &mut Collected<'a>) -> Result<(), Failure> {
        let mut names = Vec::new();
        for group in &self.found {
            let texts = group.texts(&self.search.name_attribute);
            names.extend(texts.map_err(|error| Failure::answered(error.to_string()))?);
        }
        for rule in &self.search.labels {
            collected.add(rule, names.iter().copied());
        }
        Ok(())
    }

    /// Looks for groups of groups, level by level.
    async fn follow(
        &mut self,
        searcher: &mut Searcher<'_, '_>,
        nested: &Filter,
        mut new: Vec<DirectoryEntry>,
    ) -> Result<(), Failure> {
        for level in 0..=self.limits.nesting {
            let filters = inner(nested, &new);
            if filters.is_empty() {
                return Ok(());
            }
            new = self.ask(searcher, &filters).await?;
            if level == self.limits.nesting && !new.is_empty() {
                break;
            }
        }
        match new.is_empty() {
            true => Ok(()),
            false => {
                let limit = self.limits.nesting;
                Err(Failure::answered(format!("groups are nested more than {limit} levels deep")))
            }
        }
    }

    /// The groups that any of the filters finds, but for those that are known.
    async fn ask(
        &mut self,
        searcher: &mut Searcher<'_, '_>,
        filters: &[Filter],
    ) -> Result<Vec<DirectoryEntry>, Failure> {
        let GroupSearch { base, filter, .. } = self.search;
        let what = format!("search for groups with the filter {filter} below {base:?}");
        let mut new = Vec::new();
        for batch in filters.chunks(BATCH) {
            let filter = Filter::any(batch);
            let (attributes, most) = (&*self.attributes, self.limits.groups);
            let search = Search { what: &what, base, filter: &filter, attributes, most };
            let answer = searcher.search(&search).await?;
            if let Some(failure) = answer.more {
                return Err(failure);
            }
            for group in answer.entries {
                if self.seen.insert(group.dn.to_lowercase()) {
                    new.push(group.clone());
                    self.found.push(group);
                }
            }
            if self.found.len() > most {
                return Err(Failure::answered(format!("{what}: more than {most} groups")));
            }
        }
        Ok(new)
    }
}

/// The filters that find what these groups are members of.
fn inner(filter: &Filter, groups: &[DirectoryEntry]) -> Vec<Filter> {
    let of = |group: &DirectoryEntry| {
        filter.render(&|placeholder| match placeholder {
            Placeholder::Dn => Some(group.dn.clone()),
            _ => None,
        })
    };
    groups.iter().filter_map(of).collect()
}

/// The filter for a user's primary group: its number takes the place of the user's own in the security identifier
/// (MS-DTYP, section 2.4.2.2).
fn primary_group(user: &DirectoryEntry) -> Option<Filter> {
    let number = user.text("primaryGroupID")?.parse::<u32>().ok()?;
    let [sid] = user.bytes("objectSid") else { return None };
    let domain = sid.get(..sid.len().checked_sub(4)?).filter(|domain| domain.len() >= 8)?;
    Some(Filter::equal("objectSid", &[domain, &number.to_le_bytes()].concat()))
}
