//! The one connection to the session bus that most abilities share.

use futures_util::StreamExt as _;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;
use zbus::{Connection, MatchRule, MessageStream, message};

/// Tells whether somebody owns `name`; starts nobody.
pub async fn is_owned(bus: &Connection, name: &str) -> bool {
    let Ok(name) = BusName::try_from(name) else { return false };
    match proxy(bus).await {
        Ok(proxy) => proxy.name_has_owner(name).await.unwrap_or(false),
        Err(_) => false,
    }
}

/// Who owns `name`, by the name on the bus that is theirs alone; starts nobody.
pub async fn owner(bus: &Connection, name: &str) -> Option<String> {
    let name = BusName::try_from(name).ok()?;
    Some(proxy(bus).await.ok()?.get_name_owner(name).await.ok()?.to_string())
}

/// The id of the bus, which no other bus has.
pub async fn id(bus: &Connection) -> Option<String> {
    const BUS: &str = "org.freedesktop.DBus";
    let answer = bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "GetId", &()).await.ok()?;
    answer.body().deserialize().ok()
}

/// Tells whether somebody owns `name` or would be started for it.
pub async fn is_there(bus: &Connection, name: &str) -> bool {
    if is_owned(bus, name).await {
        return true;
    }
    let Ok(proxy) = proxy(bus).await else { return false };
    proxy.list_activatable_names().await.is_ok_and(|names| names.iter().any(|other| other.as_str() == name))
}

/// Every change of who owns `name`, from now on; none where the bus does not tell.
pub async fn comers(bus: &Connection, name: &str) -> Option<MessageStream> {
    let rule = MatchRule::builder().msg_type(message::Type::Signal).sender("org.freedesktop.DBus").ok()?;
    let rule = rule.member("NameOwnerChanged").ok()?.arg(0, name.to_owned()).ok()?.build();
    MessageStream::for_match_rule(rule, bus, Some(4)).await.ok()
}

/// Waits until somebody takes the name that [`comers`] watches.
pub async fn next(comers: &mut Option<MessageStream>) {
    if let Some(comers) = comers {
        while let Some(changed) = comers.next().await {
            let owners = changed.and_then(|changed| changed.body().deserialize::<(String, String, String)>());
            if owners.is_ok_and(|(_, _, now)| !now.is_empty()) {
                return;
            }
        }
    }
    std::future::pending().await
}

async fn proxy(bus: &Connection) -> zbus::Result<DBusProxy<'_>> {
    DBusProxy::builder(bus).cache_properties(zbus::proxy::CacheProperties::No).build().await
}
