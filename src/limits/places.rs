//! Who may have a connection: places in all, by address, and by trusted network. What is counted is what is
//! open, so that memory is bounded by the places.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Peer;

/// All the places there are; clones share them.
#[derive(Clone)]
pub struct Places(Arc<All>);

/// How many connections there may be at once.
#[derive(Clone, Debug)]
pub struct Capacity {
    pub most: usize,
    /// Of them, the last, which are kept for some.
    pub kept: usize,
    /// Of one address, or one IPv6 network of 64 bits.
    pub per_address: usize,
    /// Of one address of this machine.
    pub per_loopback_address: usize,
    /// Of each trusted network.
    pub networks: Vec<usize>,
}

struct All {
    capacity: Capacity,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    peers: HashMap<Peer, usize>,
    networks: HashMap<usize, usize>,
}

/// Where a peer comes from, as far as its limits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    Anywhere,
    Loopback,
    /// The trusted network of this index.
    Trusted(usize),
}

/// What is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    All,
    Address,
    Network,
}

/// Whether a place is one of the last, which are kept for tools that send functional mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    Common,
    Kept,
}

/// One connection's place; free again when dropped.
pub struct Place {
    places: Places,
    seat: Seat,
    counted: Option<Counted>,
}

#[derive(Clone, Copy)]
enum Counted {
    Peer(Peer),
    Network(usize),
}

impl Full {
    /// As metrics and logs name it: by its key in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "max_connections",
            Self::Address => "max_connections_per_address",
            Self::Network => "trusted_max_connections",
        }
    }
}

impl Places {
    pub fn new(capacity: Capacity) -> Self {
        Self(Arc::new(All { capacity, open: Mutex::default() }))
    }

    /// A place for a connection whose peer is yet to be told.
    pub fn enter(&self) -> Result<Place, Full> {
        let mut open = self.open();
        let Capacity { most, kept, .. } = self.0.capacity;
        if open.all >= most {
            return Err(Full::All);
        }
        let seat = if open.all >= most.saturating_sub(kept) { Seat::Kept } else { Seat::Common };
        open.all += 1;
        Ok(Place { places: self.clone(), seat, counted: None })
    }

    /// Whether places run short: strangers have less time then.
    pub fn are_scarce(&self) -> bool {
        let open = self.open().all;
        open > self.0.capacity.most / 4 * 3
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // No panic leaves a count half-written.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts the place for its peer, once.
    pub fn sit(&mut self, address: IpAddr, whence: Whence) -> Result<(), Full> {
        let all = &self.places.0.capacity;
        let peer = Peer::of(address);
        let mut open = self.places.open();
        let (most, full, counted) = match whence {
            Whence::Anywhere => (all.per_address, Full::Address, Counted::Peer(peer)),
            Whence::Loopback => (all.per_loopback_address, Full::Address, Counted::Peer(peer)),
            Whence::Trusted(index) => {
                let most = all.networks.get(index).copied().unwrap_or(0);
                (most, Full::Network, Counted::Network(index))
            }
        };
        let count = open.count(counted);
        if *count >= most {
            open.forget_if_none(counted);
            return Err(full);
        }
        *count += 1;
        drop(open);
        self.counted = Some(counted);
        Ok(())
    }

    pub fn seat(&self) -> Seat {
        self.seat
    }
}

impl Open {
    fn count(&mut self, counted: Counted) -> &mut usize {
        match counted {
            Counted::Peer(peer) => self.peers.entry(peer).or_default(),
            Counted::Network(index) => self.networks.entry(index).or_default(),
        }
    }

    fn forget_if_none(&mut self, counted: Counted) {
        if *self.count(counted) == 0 {
            match counted {
                Counted::Peer(peer) => self.peers.remove(&peer),
                Counted::Network(index) => self.networks.remove(&index),
            };
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open();
        open.all = open.all.saturating_sub(1);
        if let Some(counted) = self.counted {
            let count = open.count(counted);
            *count = count.saturating_sub(1);
            open.forget_if_none(counted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize, kept: usize, per_address: usize) -> Places {
        let networks = vec![2];
        Places::new(Capacity { most: connections, kept, per_address, per_loopback_address: 3, networks })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn sit(places: &Places, text: &str, whence: Whence) -> Result<Place, Full> {
        let mut place = places.enter()?;
        place.sit(address(text), whence)?;
        Ok(place)
    }

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let places = places(10, 0, 2);
        let one = sit(&places, "192.0.2.1", Whence::Anywhere).ok();
        let two = sit(&places, "192.0.2.1", Whence::Anywhere).ok();
        assert!(one.is_some() && two.is_some());
        assert_eq!(sit(&places, "192.0.2.1", Whence::Anywhere).err(), Some(Full::Address));
        assert!(sit(&places, "192.0.2.2", Whence::Anywhere).is_ok());
        drop(one);
        assert!(sit(&places, "192.0.2.1", Whence::Anywhere).is_ok());
    }

    #[test]
    fn a_line_of_ipv6_is_one_address() {
        let places = places(10, 0, 1);
        let _one = sit(&places, "2001:db8::1", Whence::Anywhere).ok();
        assert_eq!(sit(&places, "2001:db8::2", Whence::Anywhere).err(), Some(Full::Address));
        assert!(sit(&places, "2001:db8:0:1::2", Whence::Anywhere).is_ok());
    }

    #[test]
    fn trusted_networks_and_this_machine_have_their_own_limits() {
        let places = places(20, 0, 1);
        let held: Vec<Place> = (0..2)
            .filter_map(|_| sit(&places, "10.0.0.1", Whence::Trusted(0)).ok())
            .chain((0..3).filter_map(|_| sit(&places, "127.0.0.1", Whence::Loopback).ok()))
            .collect();
        assert_eq!(held.len(), 5);
        // The network counts as one, whatever the address.
        assert_eq!(sit(&places, "10.0.0.2", Whence::Trusted(0)).err(), Some(Full::Network));
        assert_eq!(sit(&places, "127.0.0.1", Whence::Loopback).err(), Some(Full::Address));
        assert!(sit(&places, "192.0.2.1", Whence::Anywhere).is_ok());
    }

    #[test]
    fn the_last_places_are_kept_and_beyond_them_there_is_none() {
        let places = places(3, 1, 9);
        let held: Vec<Place> = (0..3).filter_map(|_| places.enter().ok()).collect();
        let seats: Vec<Seat> = held.iter().map(Place::seat).collect();
        assert_eq!(seats, [Seat::Common, Seat::Common, Seat::Kept]);
        assert!(places.are_scarce());
        assert_eq!(places.enter().err(), Some(Full::All));
        drop(held);
        assert!(!places.are_scarce());
    }

    #[test]
    fn what_is_counted_is_what_is_open() {
        let places = places(100, 0, 1);
        for number in 0..1_000_u32 {
            let text = std::net::Ipv4Addr::from(number).to_string();
            let place = sit(&places, &text, Whence::Anywhere).ok();
            assert!(sit(&places, &text, Whence::Anywhere).is_err());
            drop(place);
        }
        let open = places.open();
        assert_eq!((open.all, open.peers.len(), open.networks.len()), (0, 0, 0));
    }
}
