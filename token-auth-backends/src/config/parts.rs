//! What has been read of a configuration, by its type.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;

/// What the blocks have made of what stands under them: one value of each type.
///
/// A block finds here what those before it in the table have left.
#[derive(Default)]
pub struct Parts {
    parts: BTreeMap<TypeId, Box<dyn Part>>,
    configured: Vec<&'static str>,
}

trait Part: Any + fmt::Debug + Send + Sync {}

impl<T: Any + fmt::Debug + Send + Sync> Part for T {}

impl Parts {
    /// Leaves a value, in place of an earlier one of its type.
    pub fn insert<T: Any + fmt::Debug + Send + Sync>(&mut self, part: T) {
        self.parts.insert(TypeId::of::<T>(), Box::new(part));
    }

    /// The value of this type, if there is one.
    pub fn get<T: Any>(&self) -> Option<&T> {
        let part: &dyn Any = &**self.parts.get(&TypeId::of::<T>())?;
        part.downcast_ref()
    }

    /// The same, to be changed.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        let part: &mut dyn Any = &mut **self.parts.get_mut(&TypeId::of::<T>())?;
        part.downcast_mut()
    }

    /// The value of this type, made now if there is none.
    pub fn entry<T: Any + fmt::Debug + Send + Sync + Default>(&mut self) -> Option<&mut T> {
        let part = self.parts.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(T::default()));
        let part: &mut dyn Any = &mut **part;
        part.downcast_mut()
    }

    /// Takes the value of this type out.
    pub fn take<T: Any>(&mut self) -> Option<T> {
        let part: Box<dyn Any> = self.parts.remove(&TypeId::of::<T>())?;
        part.downcast().ok().map(|part| *part)
    }

    /// Whether the configuration has a block, right or wrong.
    pub fn is_configured(&self, block: &str) -> bool {
        self.configured.contains(&block)
    }

    pub(super) fn note(&mut self, block: &'static str) {
        self.configured.push(block);
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.parts.values()).finish()
    }
}
