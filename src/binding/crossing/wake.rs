//! The call from other threads that has JavaScript look.

use std::ptr;

use napi::bindgen_prelude::{Function, JsValue, Result};
use napi::{Env, check_status, sys};

/// A thread-safe function of Node-API, which keeps no process alive unless it is told to.
///
/// It has no finalizer: Bare hands the two pointers of one over in the other order than Node.js,
/// which napi's own functions of this kind do not survive. Without those (they need `napi4`) the
/// crate also opens no handle of its own in each environment.
pub struct Wake(sys::napi_threadsafe_function);

// SAFETY: Node-API lets any thread call and release it.
unsafe impl Send for Wake {}

impl Wake {
    pub fn new(env: Env, function: Function<'_, (), ()>) -> Result<Self> {
        let name = env.create_string("dht-rpc-native")?;
        let mut raw = ptr::null_mut();
        // SAFETY: both values are of this environment; there is neither data nor a callback.
        check_status!(unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                function.raw(),
                ptr::null_mut(),
                name.raw(),
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                None,
                &mut raw,
            )
        })?;
        let wake = Self(raw);
        wake.keep_alive(env, false);
        Ok(wake)
    }

    /// Has JavaScript's function called in a later turn of its event loop: one is waited for that is made anew, so it is
    /// not among those that the loop is about to look at.
    pub fn once(env: Env, function: Function<'_, (), ()>) -> Result<()> {
        let wake = Self::new(env, function)?;
        wake.keep_alive(env, true);
        wake.call();
        Ok(())
    }

    /// JavaScript's function is called soon, on its thread.
    pub fn call(&self) {
        // SAFETY: it was not released.
        unsafe {
            sys::napi_call_threadsafe_function(
                self.0,
                ptr::null_mut(),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
    }

    /// Keeps the process alive, or no longer. For the environment's own thread.
    pub fn keep_alive(&self, env: Env, on: bool) {
        // SAFETY: it was not released.
        unsafe {
            match on {
                true => sys::napi_ref_threadsafe_function(env.raw(), self.0),
                false => sys::napi_unref_threadsafe_function(env.raw(), self.0),
            }
        };
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        // SAFETY: nobody has it any more.
        unsafe {
            sys::napi_release_threadsafe_function(
                self.0,
                sys::ThreadsafeFunctionReleaseMode::release,
            )
        };
    }
}
