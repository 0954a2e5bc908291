//! Which streams relay to those of other hubs.

use std::collections::HashMap;
use std::sync::Weak;

use bytes::Bytes;

use crate::udx::StreamKey;

/// What another hub does for those that relay to or from its streams. Called without any lock.
pub trait RelayEnd: Send + Sync {
    /// Sends packets on, as if they were for this stream.
    fn forward(&self, stream: StreamKey, packets: &mut dyn Iterator<Item = &Bytes>);

    /// What this stream relays to is gone.
    fn target_closed(&self, stream: StreamKey);
}

/// A stream of another hub.
#[derive(Clone)]
pub struct Link {
    pub hub: Weak<dyn RelayEnd>,
    pub stream: StreamKey,
}

impl Link {
    fn is(&self, other: &Self) -> bool {
        self.stream == other.stream && self.hub.ptr_eq(&other.hub)
    }
}

/// Of one hub.
#[derive(Default)]
pub struct Links {
    /// Where streams of this hub relay to.
    targets: HashMap<StreamKey, Link>,
    /// Streams of other hubs that relay to one of this hub.
    sources: HashMap<StreamKey, Vec<Link>>,
}

impl Links {
    pub fn target(&self, stream: StreamKey) -> Option<Link> {
        self.targets.get(&stream).cloned()
    }

    pub fn set_target(&mut self, stream: StreamKey, target: Link) {
        self.targets.insert(stream, target);
    }

    pub fn add_source(&mut self, stream: StreamKey, source: Link) {
        self.sources.entry(stream).or_default().push(source);
    }

    /// A stream of this hub is gone: who relayed to it.
    pub fn closed(&mut self, stream: StreamKey) -> Vec<Link> {
        self.targets.remove(&stream);
        self.sources.remove(&stream).unwrap_or_default()
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
            hub.target_closed(stream);
        }
    }
}
