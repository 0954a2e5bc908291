//! Errors of Unix systems, whose numbers differ from one to the next.

macro_rules! names {
    ($function:ident: $($name:ident)*) => {
        fn $function(number: i32) -> Option<&'static str> {
            $(if number == libc::$name {
                return Some(stringify!($name));
            })*
            None
        }
    };
}

pub fn name_of(number: i32) -> Option<&'static str> {
    everywhere(number).or_else(|| not_supported(number)).or_else(|| of_some(number))
}

// Without EWOULDBLOCK, which is EAGAIN.
names! { everywhere:
    E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG EBUSY
    ECANCELED ECHILD ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EDQUOT EEXIST
    EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR
    ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS ENODEV
    ENOENT ENOEXEC ENOLCK ENOMEM ENOMSG ENOPROTOOPT ENOSPC ENOSYS ENOTCONN ENOTDIR ENOTEMPTY
    ENOTSOCK ENOTTY ENXIO EOVERFLOW EPERM EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EROFS
    ESHUTDOWN ESOCKTNOSUPPORT ESPIPE ESRCH ESTALE ETIMEDOUT ETXTBSY EXDEV
}

/// One number with two names, or two numbers for the same.
fn not_supported(number: i32) -> Option<&'static str> {
    #[cfg(not(any(target_os = "freebsd", target_os = "dragonfly")))]
    let is_other = number == libc::ENOTSUP;
    #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
    let is_other = false;
    (is_other || number == libc::EOPNOTSUPP).then_some("ENOTSUP")
}

#[cfg(any(target_os = "linux", target_os = "android"))]
names! { of_some:
    EADV EBADE EBADFD EBADR EBADRQC EBADSLT EBFONT ECHRNG ECOMM EDOTDOT EHWPOISON EISNAM
    EKEYEXPIRED EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELIBACC ELIBBAD ELIBEXEC
    ELIBMAX ELIBSCN ELNRNG EMEDIUMTYPE EMULTIHOP ENAVAIL ENOANO ENOCSI ENODATA ENOKEY ENOLINK
    ENOMEDIUM ENONET ENOPKG ENOSR ENOSTR ENOTBLK ENOTNAM ENOTRECOVERABLE ENOTUNIQ EOWNERDEAD
    EPFNOSUPPORT EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL ESRMNT ESTRPIPE ETIME ETOOMANYREFS
    EUCLEAN EUNATCH EUSERS EXFULL
}

#[cfg(target_vendor = "apple")]
names! { of_some: EMULTIHOP ENODATA ENOLINK ENOSR ENOSTR ETIME }

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn of_some(_: i32) -> Option<&'static str> {
    None
}
