//! Streams that relay to those of other hubs.

use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::Hub;
use super::links::{Link, RelayEnd};
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
        let me: Weak<dyn RelayEnd> = self.me.clone();
        let source = Link { hub: me, stream };
        to.call_for(|streams, _| match streams.core.stats(target) {
            Some(_) => {
                streams.links.add_source(target, source);
                Ok(())
            }
            None => Err(Error::BadRelay),
        })?;
        let to: Weak<dyn RelayEnd> = to.me.clone();
        let link = Link { hub: to, stream: target };
        self.call_for(|streams, now| {
            streams.core.relay_to(now, stream, RelayTarget::Elsewhere)?;
            streams.links.set_target(stream, link);
            Ok(())
        })
    }
}

impl RelayEnd for Hub {
    fn forward(&self, stream: StreamKey, packets: &mut dyn Iterator<Item = &Bytes>) {
        self.with(|streams, now| {
            packets.for_each(|packet| streams.core.forward(now, stream, packet));
        });
    }

    fn target_closed(&self, stream: StreamKey) {
        self.with(|streams, now| streams.core.relay_target_closed(now, stream));
    }
}
