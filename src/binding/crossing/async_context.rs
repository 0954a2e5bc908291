//! A way out of the asynchronous context of whoever calls.

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, Function, JsValue, Object, Result, Unknown};
use napi::{Env, check_pending_exception, sys};
use napi_derive::napi;

/// Calls `function` and returns what it returns. What it makes belongs to nobody's context, not to
/// the caller's: Node-API keeps to that where it is given no context of its own.
#[napi(catch_unwind)]
pub fn outside<'env>(
    env: &'env Env,
    function: Function<'env, (), Unknown<'env>>,
) -> Result<Unknown<'env>> {
    let receiver = Object::new(env)?;
    let mut returned = ptr::null_mut();
    // SAFETY: both values are of this environment, whose thread this is; there are no arguments.
    check_pending_exception!(env.raw(), unsafe {
        sys::napi_make_callback(
            env.raw(),
            ptr::null_mut(),
            receiver.raw(),
            function.raw(),
            0,
            ptr::null(),
            &mut returned,
        )
    })?;
    // SAFETY: the call succeeded, so that is a value of this environment.
    unsafe { Unknown::from_napi_value(env.raw(), returned) }
}
