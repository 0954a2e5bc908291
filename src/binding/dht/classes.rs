//! What may be dropped of a node's events, and what may not.

use super::super::crossing::outbox::RecordClass;
use crate::dht::Event;

/// That of an event's record.
pub fn class_of(event: &Event) -> RecordClass {
    match event {
        Event::Request(_) | Event::RequestSeen(_) => RecordClass::Requests,
        Event::NodeAdded(_) | Event::NodeRemoved(_) => RecordClass::Changes,
        Event::BucketGained(_) | Event::BucketLost(_) | Event::BucketFull(_) => {
            RecordClass::Changes
        }
        Event::ReplySeen { .. } | Event::TimedOut(_) | Event::TryEnded { .. } => {
            RecordClass::Changes
        }
        Event::NatUpdate { .. } | Event::NetworkUpdate | Event::Status(_) => RecordClass::Changes,
        _ => RecordClass::Always,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dht::{Config, Interest, Node, RequestError};
    use crate::net::{Addr, Now};

    #[test]
    fn what_others_cause_may_be_dropped_and_what_settles_may_not() {
        let now = Now { mono_ms: 1_000_000, wall_ms: 1_700_000_000_000 };
        let mut node = Node::new(Config::default(), now);
        node.set_interest(Interest { nodes: true, ..Interest::default() });
        node.add_node(now, Addr::new([9, 9, 9, 9].into(), 9));
        let mut events = std::iter::from_fn(|| node.poll_event());
        let added = events.find(|event| matches!(event, Event::NodeAdded(_)));
        assert_eq!(class_of(&added.expect("it is told")), RecordClass::Changes);
        let update = Event::NatUpdate { host: None, port: 0 };
        assert_eq!([update, Event::NetworkUpdate].map(|e| class_of(&e)), [RecordClass::Changes; 2]);
        let failure = Event::Failure { user: 1, error: RequestError::Timeout };
        assert_eq!(class_of(&failure), RecordClass::Always);
    }
}
