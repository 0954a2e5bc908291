//! Streams that relay to those of other hubs.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::Hub;
use crate::udx::{Error, RelayTarget, StreamKey};

/// A stream of another hub.
#[derive(Clone)]
pub struct Link {
    pub hub: Weak<Hub>,
    pub stream: StreamKey,
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
    pub fn target(&self, stream: StreamKey) -> Option<Link> {
        self.targets.get(&stream).cloned()
    }

    /// A stream of this hub is gone: who relayed to it.
    pub fn closed(&mut self, stream: StreamKey) -> Vec<Link> {
        if let Some(target) = self.targets.remove(&stream) {
            drop(target);
        }
        self.sources.remove(&stream).unwrap_or_default()
    }
}

impl Hub {
    /// Packets for `stream` go on to `target`, a stream of `to`.
    ///
    /// # Errors
    /// As those of [`crate::udx::Hub::relay_to`].
    pub fn relay_to(
        &self,
        stream: StreamKey,
        to: &Arc<Hub>,
        target: StreamKey,
    ) -> Result<(), Error> {
        if std::ptr::eq(self, Arc::as_ptr(to)) {
            let relay = RelayTarget::Stream(target);
            return self.call_for(|streams, now| streams.core.relay_to(now, stream, relay));
        }
        // The target knows first: however soon it closes, its source is told.
        let source = Link { hub: self.me.clone(), stream };
        to.call_for(|streams, _| match streams.core.stats(target) {
            Some(_) => {
                streams.relays.sources.entry(target).or_default().push(source);
                Ok(())
            }
            None => Err(Error::BadRelay),
        })?;
        let link = Link { hub: Arc::downgrade(to), stream: target };
        self.call_for(|streams, now| {
            streams.core.relay_to(now, stream, RelayTarget::Elsewhere)?;
            streams.relays.targets.insert(stream, link);
            Ok(())
        })
    }
}

/// Hands packets on to other hubs: those to one stream together.
pub fn pass_on(forwards: &[(Link, bytes::Bytes)]) {
    let same = |a: &Link, b: &Link| a.stream == b.stream && a.hub.ptr_eq(&b.hub);
    for run in forwards.chunk_by(|(a, _), (b, _)| same(a, b)) {
        let Link { hub, stream } = &run[0].0;
        if let Some(hub) = hub.upgrade() {
            hub.with(|streams, now| {
                run.iter().for_each(|(_, packet)| streams.core.forward(now, *stream, packet));
            });
        }
    }
}

/// Those relay to a stream that is gone.
pub fn orphaned(links: impl Iterator<Item = Link>) {
    for Link { hub, stream } in links {
        if let Some(hub) = hub.upgrade() {
            hub.with(|streams, now| streams.core.relay_target_closed(now, stream));
        }
    }
}
