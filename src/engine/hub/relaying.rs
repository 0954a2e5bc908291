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

    pub(super) fn neighbour(&self) -> Weak<dyn Neighbour> {
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

    fn relay_source_closed(&self, target: StreamKey, source: &Link) {
        self.with(|streams, _| streams.relays.forget_source(target, source));
    }
}

#[cfg(test)]
mod tests {
    use super::super::StreamSink;
    use super::*;
    use crate::engine::Engine;
    use crate::udx::{Event, Firewall, StreamOptions};

    struct Deaf;

    impl StreamSink for Deaf {
        fn data(&self, _: &[Bytes]) {}
        fn event(&self, _: Event) {}
        fn acked(&self, _: u64, _: u64) -> bool {
            false
        }
        fn crashed(&self) {}
        fn wake(&self) {}
    }

    #[test]
    fn a_target_remembers_no_source_that_is_gone() {
        let (from, to) = (Engine::get().add_hub().unwrap(), Engine::get().add_hub().unwrap());
        let options = StreamOptions { firewall: Firewall::Reject, seq: 0 };
        let create = |hub: &Arc<Hub>, id| hub.create_stream(id, &options, Arc::new(Deaf)).unwrap();
        let target = create(&to, 1);
        let sources = [1, 2, 3].map(|id| create(&from, id));
        sources.iter().for_each(|source| from.relay_to(*source, &to, target).unwrap());
        let remembered = || to.driver.remains(|streams| streams.relays.closed(target).1);
        from.destroy(sources[0]);
        assert_eq!(remembered().len(), 2);
        assert!(remembered().is_empty(), "it was taken");
        from.close();
        to.close();
    }
}
