//! JavaScript's own event loop waits on the polls of its shards, where it is libuv's.
//!
//! While a program waits for replies, or answers requests one by one, a wake of its thread for each
//! datagram costs more than the datagram. So its event loop watches the polls themselves: whoever is
//! woken by a datagram handles it, calls JavaScript and sends what JavaScript says to it, in one
//! thread. A shard's thread takes its poll back by itself when JavaScript falls silent.
//!
//! libuv is looked up at run time and never imported, so the addon loads where there is none.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::{Function, JsValue};
use napi::{Env, sys};

use super::environment;
use crate::engine::Shard;

type PollCallback = unsafe extern "C" fn(*mut c_void, c_int, c_int);
type CloseCallback = unsafe extern "C" fn(*mut c_void);
/// Given what removes it, and what it was added with.
type CleanupHook = unsafe extern "C" fn(*mut c_void, *mut c_void);

/// libuv's `UV_POLL` and `UV_READABLE`, which are part of its ABI.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

/// Functions that are looked up by their names when they are first needed.
macro_rules! look_up {
    ($name:ident { $($field:ident = $symbol:literal: $type:ty,)* }) => {
        struct $name {
            $($field: $type,)*
        }

        impl $name {
            fn find() -> Option<Self> {
                // SAFETY: the types are those of libuv's and Node's headers, which keep them.
                unsafe { Some(Self { $($field: transmute::<*mut c_void, $type>(symbol($symbol)?),)* }) }
            }
        }
    };
}

// The hooks are Node-API's, of a version for which the crate would open a handle at load.
look_up!(Uv {
    event_loop = c"napi_get_uv_event_loop":
        unsafe extern "C" fn(sys::napi_env, *mut *mut c_void) -> c_int,
    add_cleanup_hook = c"napi_add_async_cleanup_hook":
        unsafe extern "C" fn(sys::napi_env, CleanupHook, *mut c_void, *mut *mut c_void) -> c_int,
    remove_cleanup_hook = c"napi_remove_async_cleanup_hook":
        unsafe extern "C" fn(*mut c_void) -> c_int,
    handle_size = c"uv_handle_size": unsafe extern "C" fn(c_int) -> usize,
    poll_init = c"uv_poll_init":
        unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    poll_start = c"uv_poll_start":
        unsafe extern "C" fn(*mut c_void, c_int, PollCallback) -> c_int,
    poll_stop = c"uv_poll_stop": unsafe extern "C" fn(*mut c_void) -> c_int,
    unref = c"uv_unref": unsafe extern "C" fn(*mut c_void),
    close = c"uv_close": unsafe extern "C" fn(*mut c_void, CloseCallback),
});

impl Uv {
    fn get() -> Option<&'static Self> {
        static UV: OnceLock<Option<Uv>> = OnceLock::new();
        UV.get_or_init(Self::find).as_ref()
    }
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: looks a name up.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr().cast::<c_char>()) };
    (!found.is_null()).then_some(found)
}

/// A handle of libuv's that watches one shard's poll. Its memory is libuv's until it is closed.
struct Watcher {
    handle: *mut c_void,
    shard: Arc<Shard>,
}

/// One loading of the front.
struct Listener {
    /// Of its environment.
    number: u32,
    callback: sys::napi_ref,
    waits: bool,
}

/// What this thread's event loop does for the shards.
struct EventLoop {
    uv: &'static Uv,
    env: sys::napi_env,
    uv_loop: *mut c_void,
    listeners: Vec<Listener>,
    watchers: Vec<Watcher>,
}

thread_local! {
    static EVENT_LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// Prepares for `callback` to be called when a poll that [`wait`] watches is readable. `false`: there
/// is no libuv.
pub fn prepare(env: Env, number: u32, callback: &Function<'_, (), ()>) -> bool {
    EVENT_LOOP.with_borrow_mut(|place| {
        if place.is_none() {
            *place = EventLoop::new(env.raw());
        }
        let Some(event_loop) = place else { return false };
        let mut reference = null_mut();
        // SAFETY: on the environment's own thread, with a function of its own.
        let done =
            unsafe { sys::napi_create_reference(env.raw(), callback.raw(), 1, &mut reference) };
        if done != sys::Status::napi_ok {
            return false;
        }
        event_loop.listeners.push(Listener { number, callback: reference, waits: false });
        true
    })
}

/// Has the event loop wait on the polls of all shards of this environment, which are lent to it, for
/// the loading `number`. `false`: it cannot.
pub fn wait(number: u32) -> bool {
    let shards = environment::shards();
    let waits = EVENT_LOOP.with_borrow_mut(|place| {
        let Some(event_loop) = place else { return false };
        let Some(listener) = event_loop.listeners.iter_mut().find(|l| l.number == number) else {
            return false;
        };
        listener.waits = true;
        event_loop.watch(&shards)
    });
    if waits {
        shards.iter().for_each(|shard| shard.lend());
    }
    waits
}

/// The loading `number` waits no more.
pub fn leave(number: u32) {
    EVENT_LOOP.with_borrow_mut(|place| {
        let Some(event_loop) = place else { return };
        for listener in &mut event_loop.listeners {
            listener.waits &= listener.number != number;
        }
        if !event_loop.listeners.iter().any(|listener| listener.waits) {
            event_loop.watchers.iter().for_each(|watcher| {
                // SAFETY: an open handle of this thread's loop.
                unsafe { (event_loop.uv.poll_stop)(watcher.handle) };
            });
        }
    });
}

/// The loading `number` is over.
pub fn forget(number: u32) {
    leave(number);
    EVENT_LOOP.with_borrow_mut(|place| {
        let Some(event_loop) = place else { return };
        let Some(at) = event_loop.listeners.iter().position(|l| l.number == number) else { return };
        let listener = event_loop.listeners.swap_remove(at);
        // SAFETY: on the environment's own thread, with a reference that nobody has any more.
        unsafe { sys::napi_delete_reference(event_loop.env, listener.callback) };
    });
}

impl EventLoop {
    fn new(env: sys::napi_env) -> Option<Self> {
        let uv = Uv::get()?;
        let mut uv_loop = null_mut();
        // SAFETY: on the environment's own thread; what is written is the loop's address.
        unsafe {
            if (uv.event_loop)(env, &mut uv_loop) != 0 || uv_loop.is_null() {
                return None;
            }
            let hook = (uv.add_cleanup_hook)(env, clean_up, null_mut(), null_mut());
            let (listeners, watchers) = (Vec::new(), Vec::new());
            (hook == 0).then_some(Self { uv, env, uv_loop, listeners, watchers })
        }
    }

    fn watch(&mut self, shards: &[Arc<Shard>]) -> bool {
        for shard in shards {
            if !self.watchers.iter().any(|watcher| Arc::ptr_eq(&watcher.shard, shard))
                && !self.add(shard)
            {
                return false;
            }
        }
        self.watchers.iter().all(|watcher| {
            // SAFETY: an open handle of this thread's loop.
            unsafe { (self.uv.poll_start)(watcher.handle, UV_READABLE, readable) == 0 }
        })
    }

    fn add(&mut self, shard: &Arc<Shard>) -> bool {
        // SAFETY: the memory is as large as libuv says and all zeros, and is freed once libuv has
        // closed the handle, or was never given it.
        unsafe {
            let handle = libc::calloc(1, (self.uv.handle_size)(UV_POLL));
            if handle.is_null() {
                return false;
            }
            if (self.uv.poll_init)(self.uv_loop, handle, shard.descriptor()) != 0 {
                libc::free(handle);
                return false;
            }
            // It keeps no process alive.
            (self.uv.unref)(handle);
            self.watchers.push(Watcher { handle, shard: Arc::clone(shard) });
        }
        true
    }

    fn callbacks(&self) -> Vec<sys::napi_ref> {
        let waiting = self.listeners.iter().filter(|listener| listener.waits);
        waiting.map(|listener| listener.callback).collect()
    }
}

/// A poll is readable: JavaScript is called as for any event, with its microtasks behind it.
unsafe extern "C" fn readable(_: *mut c_void, _: c_int, _: c_int) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let found = EVENT_LOOP.with_borrow(|place| {
            place.as_ref().map(|event_loop| (event_loop.env, event_loop.callbacks()))
        });
        let Some((env, callbacks)) = found else { return };
        for callback in callbacks {
            // SAFETY: on the environment's own thread, in no other call of JavaScript, with
            // references that live as long as the environment.
            unsafe { call(env, callback) };
        }
    }));
}

/// Without a context of its own: what JavaScript makes of a datagram is in nobody's.
unsafe fn call(env: sys::napi_env, callback: sys::napi_ref) {
    let (mut scope, mut receiver, mut function, mut result) =
        (null_mut(), null_mut(), null_mut(), null_mut());
    // SAFETY: as the caller's; there are no arguments.
    unsafe {
        if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
            return;
        }
        sys::napi_create_object(env, &mut receiver);
        sys::napi_get_reference_value(env, callback, &mut function);
        let nobody = null_mut();
        let arguments = std::ptr::null();
        sys::napi_make_callback(env, nobody, receiver, function, 0, arguments, &mut result);
        // It throws where the thread is being ended: nothing of that may be left for whoever is next.
        sys::napi_get_and_clear_last_exception(env, &mut result);
        sys::napi_close_handle_scope(env, scope);
    }
}

/// The environment ends once libuv has closed the handles.
unsafe extern "C" fn clean_up(hook: *mut c_void, _: *mut c_void) {
    let Some(event_loop) = EVENT_LOOP.take() else { return done(hook) };
    if event_loop.watchers.is_empty() {
        return done(hook);
    }
    let left = Rc::new(Cell::new(event_loop.watchers.len()));
    for watcher in event_loop.watchers {
        let closing = Box::new(Closing { hook, left: Rc::clone(&left), _shard: watcher.shard });
        // SAFETY: an open handle of this thread's loop; its first field is the user's.
        unsafe {
            watcher.handle.cast::<*mut Closing>().write(Box::into_raw(closing));
            (event_loop.uv.close)(watcher.handle, closed);
        }
    }
}

struct Closing {
    hook: *mut c_void,
    left: Rc<Cell<usize>>,
    /// Its poll is open until libuv has let go of it.
    _shard: Arc<Shard>,
}

unsafe extern "C" fn closed(handle: *mut c_void) {
    // SAFETY: written by `clean_up`, and read once; libuv needs the handle no more.
    let closing = unsafe {
        let closing = Box::from_raw(handle.cast::<*mut Closing>().read());
        libc::free(handle);
        closing
    };
    closing.left.set(closing.left.get() - 1);
    if closing.left.get() == 0 {
        done(closing.hook);
    }
}

fn done(hook: *mut c_void) {
    // SAFETY: the hook is removed once, by itself.
    if let Some(uv) = Uv::get() {
        unsafe { (uv.remove_cleanup_hook)(hook) };
    }
}
