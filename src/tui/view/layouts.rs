//! Lines laid out before, kept from frame to frame.

/// The cache of laid-out cells. Owned by the run loop; what is in it can always be computed anew.
#[derive(Debug, Default)]
pub struct Layouts;
