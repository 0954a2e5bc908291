//! Control data of a message that carry one number.

/// Words of it: a head, and the number.
// SAFETY: computes a length, nothing else.
const WORDS: usize = unsafe { libc::CMSG_SPACE(size_of::<libc::c_int>() as u32) as usize } / 8;

pub type Control = [u64; WORDS];

/// Has `message` carry the length of the datagrams into which the system is to cut it.
pub fn say_segment(message: &mut libc::msghdr, control: &mut Control, length: usize) {
    attach(message, control);
    // SAFETY: the control data is aligned as a head is, and has room for one with a u16 behind it.
    unsafe {
        let head = libc::CMSG_FIRSTHDR(message);
        (*head).cmsg_level = libc::SOL_UDP;
        (*head).cmsg_type = libc::UDP_SEGMENT;
        (*head).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
        libc::CMSG_DATA(head).cast::<u16>().write_unaligned(length as u16);
    }
}

/// Has `message` take up what the system says of it.
pub fn attach(message: &mut libc::msghdr, control: &mut Control) {
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of::<Control>() as _;
}

/// The length of the datagrams of a message that was received, if it is several.
pub fn segment(message: &libc::msghdr) -> Option<usize> {
    // SAFETY: the control data are of the system's making.
    unsafe {
        let head = libc::CMSG_FIRSTHDR(message).as_ref()?;
        if (head.cmsg_level, head.cmsg_type) != (libc::SOL_UDP, libc::UDP_GRO) {
            return None;
        }
        let length = libc::CMSG_DATA(head).cast::<libc::c_int>().read_unaligned();
        usize::try_from(length).ok().filter(|length| *length > 0)
    }
}
