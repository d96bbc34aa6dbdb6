//! The dialect as one sees it from outside: bytes in, effects out, put into words by [`talk`].

mod calls;
mod commands;
mod corpus;
mod doctor;
mod ends;
mod forward;
mod groups;
mod keys;
mod order;
mod parked;
mod peers;
mod presence;
mod redirect;
mod replay;
mod scenes;
mod signin;
mod stream;
mod talk;
