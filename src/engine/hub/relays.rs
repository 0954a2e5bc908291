//! Streams that relay to those of other hubs.

use std::collections::HashMap;
use std::sync::Weak;

use bytes::Bytes;

use crate::udx::StreamKey;

/// Another hub, as those see it whose streams relay to it.
pub trait Neighbour: Send + Sync {
    /// Packets of a stream that relays to `stream`.
    fn forward(&self, stream: StreamKey, packets: &mut dyn Iterator<Item = &Bytes>);

    /// What `stream` relays to is gone.
    fn relay_target_closed(&self, stream: StreamKey);

    /// What relayed to `target` is gone.
    fn relay_source_closed(&self, target: StreamKey, source: &Link);
}

/// A stream of another hub.
#[derive(Clone)]
pub struct Link {
    pub hub: Weak<dyn Neighbour>,
    pub stream: StreamKey,
}

impl Link {
    fn is(&self, other: &Self) -> bool {
        self.stream == other.stream && self.hub.ptr_eq(&other.hub)
    }
}

/// Of one hub.
#[derive(Default)]
pub struct Relays {
    /// Where streams of this hub relay to.
    targets: HashMap<StreamKey, Link>,
    /// Streams of other hubs that relay to one of this hub.
    sources: HashMap<StreamKey, Vec<Link>>,
}

impl Relays {
    /// `stream`, of this hub, relays to a stream of another.
    pub fn relays_to(&mut self, stream: StreamKey, target: Link) {
        self.targets.insert(stream, target);
    }

    /// A stream of another hub relays to `target`, of this one.
    pub fn is_relayed_to(&mut self, target: StreamKey, source: Link) {
        self.sources.entry(target).or_default().push(source);
    }

    pub fn target(&self, stream: StreamKey) -> Option<Link> {
        self.targets.get(&stream).cloned()
    }

    /// A stream of this hub is gone: to whom it relayed, and who relayed to it.
    pub fn closed(&mut self, stream: StreamKey) -> (Option<Link>, Vec<Link>) {
        (self.targets.remove(&stream), self.sources.remove(&stream).unwrap_or_default())
    }

    /// A stream of another hub relays no more to `target`, of this one.
    pub fn forget_source(&mut self, target: StreamKey, source: &Link) {
        let Some(sources) = self.sources.get_mut(&target) else { return };
        sources.retain(|known| !known.is(source));
        if sources.is_empty() {
            self.sources.remove(&target);
        }
    }
}

/// Hands packets on to other hubs: those to one stream together.
pub fn pass_on(forwards: &[(Link, Bytes)]) {
    for run in forwards.chunk_by(|(a, _), (b, _)| a.is(b)) {
        let Link { hub, stream } = &run[0].0;
        if let Some(hub) = hub.upgrade() {
            hub.forward(*stream, &mut run.iter().map(|(_, packet)| packet));
        }
    }
}

/// Those relay to a stream that is gone.
pub fn orphaned(links: impl Iterator<Item = Link>) {
    for Link { hub, stream } in links {
        if let Some(hub) = hub.upgrade() {
            hub.relay_target_closed(stream);
        }
    }
}

/// Streams of `hub` are gone, which relayed to these.
pub fn left(hub: &Weak<dyn Neighbour>, links: impl Iterator<Item = (StreamKey, Link)>) {
    for (stream, target) in links {
        if let Some(other) = target.hub.upgrade() {
            other.relay_source_closed(target.stream, &Link { hub: Weak::clone(hub), stream });
        }
    }
}
