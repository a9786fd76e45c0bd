//! What a file is that is no configuration of coturn, and what to do with it: by its first words, never by guessing.

/// What it is, where that can be told; the words after "it is".
pub(super) fn what(text: &str) -> Option<&'static str> {
    let starts = |line: &str| {
        let mut lines = text.lines();
        lines.any(|one| one.starts_with(line))
    };
    let has = |word: &str| text.contains(word);
    let first = text.trim_start();
    Some(if first.starts_with("<!") || first.starts_with("<html") {
        "a page in HTML"
    } else if starts("eturnal:") {
        "the configuration of eturnal, which has rules of its own: nat-probe turn asks the server itself"
    } else if has("stunner.l7mp.io") {
        "a configuration of STUNner, which has rules of its own: nat-probe turn asks the server itself"
    } else if starts("turn_uris:") || starts("turn_shared_secret:") {
        "a configuration of Matrix' Synapse: nat-probe turn --from-config tests the servers in it, and --ice-servers puts it beside turnserver.conf"
    } else if starts("rtc:") || starts("turn:") {
        "a configuration of LiveKit, whose own TURN server has no turnserver.conf: nat-probe turn asks it, and --from-config the turn_servers in it"
    } else if starts("TurnAddress") || starts("AuthenticationRealm") || starts("TurnPort") {
        "the configuration of reTurnServer (resiprocate), which has rules of its own: nat-probe turn asks the server itself"
    } else if starts("udp_listen") || starts("auth_shared") || starts("module_path") {
        "the configuration of restund, which has rules of its own: nat-probe turn asks the server itself"
    } else if starts("[turn]")
        || starts("[[turn.interfaces]]")
        || starts("[turn.")
        || starts("[server]") && has("interfaces")
    {
        "the configuration of turn-rs, which has rules of its own: nat-probe turn asks the server itself"
    } else if has("external_services") || starts("turn_external_") || has("iceServers") || has("ice_servers") {
        "what an application tells its clients: nat-probe turn --from-config tests the servers in it, and --ice-servers puts it beside turnserver.conf"
    } else if starts("services:") {
        "a compose file in which no flag of coturn stands: look over the file that it mounts as turnserver.conf"
    } else if starts("FROM ") {
        "a Dockerfile in which no flag of coturn stands: look over the file that it copies"
    } else if first.starts_with(['{', '[']) {
        "JSON, or a list"
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::what;

    #[test]
    fn what_people_take_for_it_is_named() {
        for (text, name) in [
            ("eturnal:\n  secret: x\n", "eturnal"),
            ("# a\nrtc:\n  port_range_start: 50000\nturn:\n  enabled: true\n", "LiveKit"),
            ("apiVersion: stunner.l7mp.io/v1\nkind: GatewayConfig\n", "STUNner"),
            ("server_name: x\nturn_uris: []\n", "--from-config"),
            ("TurnAddress = 0.0.0.0\n", "reTurnServer"),
            ("udp_listen 127.0.0.1:3478\n", "restund"),
            ("[turn]\nrealm = \"x\"\n", "turn-rs"),
            ("{\"iceServers\": []}", "--ice-servers"),
            ("services:\n  web:\n    image: x\n", "compose"),
        ] {
            assert!(what(text).is_some_and(|told| told.contains(name)), "{text}: {:?}", what(text));
        }
        assert_eq!(what("hello\n"), None);
    }
}
