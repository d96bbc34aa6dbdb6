//! The one connection to the session bus that most abilities share.

use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

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

async fn proxy(bus: &Connection) -> zbus::Result<DBusProxy<'_>> {
    DBusProxy::builder(bus).cache_properties(zbus::proxy::CacheProperties::No).build().await
}
