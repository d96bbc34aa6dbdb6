//! The dialect as one sees it from outside: bytes in, effects out, put into words by [`talk`].

mod calls;
mod commands;
mod corpus;
mod keys;
mod order;
mod peers;
mod presence;
mod replay;
mod scenes;
mod signin;
mod stream;
mod talk;
