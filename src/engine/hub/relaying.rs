//! A hub whose streams relay to those of others.

use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::Hub;
use super::relays::{Link, Neighbour};
use crate::udx::{Error, RelayTarget, StreamKey};

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
        let source = Link { hub: self.neighbour(), stream };
        to.call_for(|streams, _| match streams.core.stats(target) {
            Some(_) => {
                streams.relays.is_relayed_to(target, source);
                Ok(())
            }
            None => Err(Error::BadRelay),
        })?;
        let link = Link { hub: to.neighbour(), stream: target };
        self.call_for(|streams, now| {
            streams.core.relay_to(now, stream, RelayTarget::Elsewhere)?;
            streams.relays.relays_to(stream, link);
            Ok(())
        })?;
        // Where the target closed before the source relayed, the source took no notice of it.
        if to.stats(target).is_none() {
            self.relay_target_closed(stream);
        }
        Ok(())
    }

    fn neighbour(&self) -> Weak<dyn Neighbour> {
        self.me.clone()
    }
}

impl Neighbour for Hub {
    fn forward(&self, stream: StreamKey, packets: &mut dyn Iterator<Item = &Bytes>) {
        self.with(|streams, now| {
            packets.for_each(|packet| streams.core.forward(now, stream, packet));
        });
    }

    fn relay_target_closed(&self, stream: StreamKey) {
        self.with(|streams, now| streams.core.relay_target_closed(now, stream));
    }
}
