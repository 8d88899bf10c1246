//! How much a pass over hostile text looks at, counted in tests alone: a pass that looks at each octet so many times at
//! most takes linear time, whatever it is given and however fast the machine is. Each search says what it looked at,
//! found or not.

#[cfg(not(test))]
#[inline(always)]
pub fn looked_at(_octets: usize) {}

#[cfg(test)]
thread_local! {
    static OCTETS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
pub fn looked_at(octets: usize) {
    OCTETS.with(|own| own.set(own.get().saturating_add(octets)));
}

/// How many octets this looks at.
#[cfg(test)]
pub fn of<T>(work: impl FnOnce() -> T) -> (usize, T) {
    OCTETS.with(|own| own.set(0));
    let done = work();
    (OCTETS.with(std::cell::Cell::get), done)
}
