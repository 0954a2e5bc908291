use super::*;
use proptest::prelude::*;

fn entry(n: u32) -> NodeEntry {
    let addr = Addr::new(n.into(), 1000);
    NodeEntry {
        serial: n,
        id: Id::of(addr),
        addr,
        to: None,
        sampled: 1,
        added: 2,
        pinged: 3,
        seen: 4,
        down_hints: 5,
    }
}

/// Ids that share prefixes of all lengths with those of entries, or are one.
fn id() -> impl Strategy<Value = Id> {
    (0..300u32, 0..=256usize).prop_map(|(n, bit)| {
        let mut bytes = *entry(n).id.as_bytes();
        if let Some(byte) = bytes.get_mut(bit / 8) {
            *byte ^= 0x80 >> (bit % 8);
        }
        Id::from_bytes(bytes)
    })
}

fn check(table: &Table) {
    let order = |at: &usize| (table.depth_at(*at), table.id_at(*at));
    assert!((0..table.len()).map(|at| order(&at)).is_sorted());
    for at in 0..table.len() {
        assert_eq!(table.heads[at], head(table.id_at(at).as_bytes()));
        assert_eq!(table.depth_at(at), table.depth(table.id_at(at).as_bytes()));
        assert!(table.bucket(table.depth_at(at)).len() <= K);
        assert!(table.bucket(table.depth_at(at)).contains(&at));
    }
    assert_eq!(table.iter().count(), table.len());
    assert!(table.iter().all(|entry| table.get(&entry.id) == Some(entry)));
    let depths: Vec<usize> = table.inwards().map(|at| table.depth_at(at)).collect();
    assert!(depths.is_sorted_by(|a, b| a >= b));
    assert_eq!(table.entries.iter().flatten().count(), table.len());
    assert_eq!(table.entries.len(), table.len() + table.free.len());
}

proptest! {
    #[test]
    fn the_closest_are_the_closest(
        nodes in prop::collection::vec(0..300u32, 0..200),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
        target in id(),
        k in 0..50usize,
        centre in id(),
        next_centre in id(),
    ) {
        let mut table = Table::new(centre);
        for n in &nodes {
            table.insert(&entry(*n));
        }
        check(&table);
        if !nodes.is_empty() {
            for at in gone {
                let gone = entry(*at.get(&nodes));
                let known = table.get(&gone.id);
                let removed = table.remove(&gone.id, gone.addr);
                prop_assert_eq!(removed.map(|(_, entry)| entry), known);
            }
        }
        check(&table);

        for round in 0..2 {
            let mut closest = Vec::new();
            table.closest(target.as_bytes(), k, &mut closest);
            let mut expected: Vec<NodeEntry> = table.iter().collect();
            expected.sort_by(|a, b| Id::cmp_distance(target.as_bytes(), &a.id, &b.id));
            expected.truncate(k);
            prop_assert_eq!(closest, expected);

            if round == 0 {
                let before = table.len();
                let dropped = table.recentre(next_centre).len();
                prop_assert_eq!(table.len() + dropped, before);
                prop_assert!(!table.contains(&next_centre));
                check(&table);
            }
        }
    }
}

#[test]
fn a_bucket_takes_twenty_and_keeps_what_it_has() {
    let mut table = Table::new(Id::from_bytes([0; 32]));
    let far: Vec<_> = (0..99).map(entry).filter(|e| e.id.as_bytes()[0] >= 0x80).collect();
    for entry in &far[..20] {
        assert!(matches!(table.insert(entry), Insertion::Added(_)));
    }
    assert!(matches!(table.insert(&far[3]), Insertion::Known(_)));
    assert_eq!(table.insert(&far[20]), Insertion::Full);
    assert!(table.remove(&far[20].id, far[20].addr).is_none());
    assert!(table.remove(&far[7].id, far[7].addr).is_some());
    assert!(matches!(table.insert(&far[20]), Insertion::Added(_)));
    assert_eq!(table.len(), 20);
}

#[test]
fn we_are_not_in_our_own_table() {
    let mut table = Table::new(entry(1).id);
    assert_eq!(table.insert(&entry(1)), Insertion::Full);
    assert!(table.is_empty());
}

#[test]
fn only_the_whole_id_of_a_known_address_is_confirmed() {
    let mut table = Table::new(Id::from_bytes([0; 32]));
    let known = entry(1);
    table.insert(&known);
    assert!(table.confirms(&known.id, known.addr));
    assert!(!table.confirms(&known.id, entry(2).addr));
    assert!(!table.confirms(&entry(2).id, entry(2).addr));
    for bit in 0..256 {
        let mut forged = *known.id.as_bytes();
        forged[bit / 8] ^= 0x80 >> (bit % 8);
        assert!(!table.confirms(&Id::from_bytes(forged), known.addr), "bit {bit}");
    }
}

#[test]
fn random_reaches_every_entry() {
    use rand::SeedableRng;
    let mut rng = rand::rngs::StdRng::from_seed([1; 32]);
    let mut table = Table::new(Id::from_bytes([0; 32]));
    assert!(table.random(&mut rng).is_none());
    for n in 0..8 {
        table.insert(&entry(n));
    }
    let drawn = (0..200).filter_map(|_| table.random(&mut rng).map(|entry| entry.id));
    assert_eq!(drawn.collect::<std::collections::BTreeSet<_>>().len(), 8);
}
