//! How much may be on its way, and how fast it leaves: BBR v1 by
//! draft-cardwell-iccrg-bbr-congestion-control-00, delivery rates by
//! draft-cheng-iccrg-delivery-rate-estimation-00, with the parameters of udx-native 1.21.3.

mod aggregation;
mod bbr;
mod bbr_model;
mod make_up;
mod pacing;
mod rate;
mod window_filter;

pub use self::bbr::BbrState;
pub(super) use self::bbr::{Acked, Bbr};
pub(super) use self::pacing::Pacer;
pub(super) use self::rate::{RateEstimator, RateSample, Stamp};
pub(super) use self::window_filter::MinFilter;
