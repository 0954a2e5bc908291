//! The operating system's errors by the names that Node gives them.

#[cfg(unix)]
mod unix;
#[cfg(any(test, windows))]
mod windows;
mod words;

#[cfg(unix)]
use self::unix::name_of;
#[cfg(windows)]
use self::windows::name_of;

/// Errors of which the system tells no number.
const NO_NUMBER: &str = "EIO";
/// Numbers without a name.
const UNKNOWN: &str = "UNKNOWN";

/// The name of an error, such as `EADDRINUSE`; of two that stand for the same, the usual one.
pub fn code(error: &std::io::Error) -> &'static str {
    error.raw_os_error().map_or(NO_NUMBER, |number| name_of(number).unwrap_or(UNKNOWN))
}

/// What an error says; in the system's own words where there are no others.
pub fn words(error: &std::io::Error) -> String {
    let known = error.raw_os_error().and_then(name_of).and_then(words::words_of);
    known.map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[cfg(unix)]
    #[test]
    fn of_two_names_the_usual_one() {
        let code_of = |number| code(&Error::from_raw_os_error(number));
        assert_eq!(code_of(libc::EWOULDBLOCK), "EAGAIN");
        assert_eq!(code_of(libc::EOPNOTSUPP), "ENOTSUP");
        assert_eq!(code_of(libc::EADDRINUSE), "EADDRINUSE");
        assert_eq!(code_of(i32::MAX), UNKNOWN);
        assert_eq!(words(&Error::from_raw_os_error(libc::EADDRINUSE)), "address already in use");
        assert_eq!(words(&Error::other("nothing known")), "nothing known");
        assert_eq!(code(&ErrorKind::Other.into()), NO_NUMBER);
    }

    #[test]
    fn windows_errors_go_by_the_same_names() {
        let wsa = [(10048, "EADDRINUSE"), (10035, "EAGAIN"), (10045, "ENOTSUP"), (4, "EMFILE")];
        for (number, name) in wsa {
            assert_eq!(windows::name_of(number), Some(name));
        }
        assert_eq!(windows::name_of(-1), None);
    }
}
