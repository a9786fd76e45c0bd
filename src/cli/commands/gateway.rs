//! `nat-probe gateway`: does the router map ports on request?

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::Args;

use crate::cli::arguments::common::{RunArgs, address};
use crate::cli::arguments::duration;
use crate::cli::error::CliError;
use crate::cli::run::{Measurement, Plan, World};
use crate::engine::{Network, Settings};
use crate::evidence::{Failure, Gateway};
use crate::measure::gateway::spec::GATEWAY;
use crate::measure::gateway::{GatewayAsked, GatewayOptions, GatewayProbe, MapOptions};
use crate::measure::spec::Spec;
use crate::report::document::Findings;
use crate::wire::nat_pmp::Protocol;
use crate::wire::{ServerSpec, Transport, pcp};

/// The arguments of `gateway`.
#[derive(Debug, Args)]
pub(in crate::cli) struct GatewayArgs {
    /// A router to ask in place of the default gateway (repeat).
    #[arg(long, value_name = "ADDR", value_parser = address, help_heading = "Gateway")]
    pub gateway: Vec<IpAddr>,

    /// Have a port mapped, look whether it is kept, and delete it again: one of this host, with /tcp for TCP; without one a UDP port
    /// of this run.
    #[arg(
        long,
        value_name = "PORT[/tcp]",
        num_args = 0..=1,
        default_missing_value = "udp",
        value_parser = port,
        help_heading = "Gateway"
    )]
    pub map: Option<(Option<u16>, Protocol)>,

    /// How long the mapping is to last if it is not deleted.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "120s",
        value_parser = duration::deadline,
        requires = "map",
        help_heading = "Gateway"
    )]
    pub lifetime: Duration,

    /// Be done by then, with what is known: 10s, 1m or a number of seconds.
    #[arg(long, alias = "timeout", value_name = "TIME", default_value = "20s", value_parser = duration::deadline, help_heading = "Measurement")]
    pub deadline: Duration,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

/// A port as people write it: `5000`, `5000/udp`, `5000/tcp`, and without one the protocol alone.
fn port(text: &str) -> Result<(Option<u16>, Protocol), String> {
    let wrong = || format!("\"{text}\" is no port; write 5000 or 5000/tcp");
    let (number, protocol) = match text.split_once('/') {
        Some((number, protocol)) => (Some(number), protocol),
        None if text.starts_with(|first: char| first.is_ascii_digit()) => (Some(text), "udp"),
        None => (None, text),
    };
    let protocol = match protocol {
        "udp" => Protocol::Udp,
        "tcp" => Protocol::Tcp,
        _ => return Err(wrong()),
    };
    // RFC 6887 section 11.1: port 0 is every port, which no diagnosis asks for.
    let number = number.map(|number| number.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)).transpose()?;
    Ok((number, protocol))
}

impl GatewayArgs {
    /// Whom to ask.
    fn gateways(&self, known: &dyn Network) -> Result<Vec<Gateway>, Failure> {
        let network = &self.run.network;
        let mut found = known.gateways(&self.gateway)?;
        found.retain(|gateway| {
            !(network.ipv4 && gateway.address.is_ipv6() || network.ipv6 && gateway.address.is_ipv4())
        });
        if let Some(name) = &network.interface {
            found.retain(|gateway| gateway.interface.as_ref().is_none_or(|interface| interface == name));
        }
        if let Some(source) = network.source {
            found.retain(|gateway| gateway.address.is_ipv4() == source.is_ipv4());
            for gateway in &mut found {
                gateway.local = source;
            }
        }
        Ok(found)
    }
}

impl Measurement for GatewayArgs {
    fn spec(&self) -> &'static Spec {
        &GATEWAY
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn plan(&self, _: &World) -> Result<Plan, CliError> {
        Ok(Plan {
            settings: Settings { deadline: self.deadline, transports: vec![Transport::Udp], ..Settings::default() },
            looked_up: self.run.network.families()?,
            ..Plan::asking(Findings::Gateway(GatewayAsked::default()))
        })
    }

    fn look(&self, network: &dyn Network, plan: &mut Plan) -> Result<(), CliError> {
        let (gateways, failure) = match self.gateways(network) {
            Ok(gateways) => (gateways, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let lifetime_s = u32::try_from(self.lifetime.as_secs()).unwrap_or(u32::MAX).max(1);
        let map = self.map.map(|(port, protocol)| MapOptions { protocol, port, lifetime_s });
        let spec = |gateway: &Gateway| {
            let text = SocketAddr::new(gateway.address, pcp::PORT).to_string();
            ServerSpec::parse(&text).map_err(|error| CliError::usage(error.to_string()))
        };
        plan.servers = gateways.iter().map(spec).collect::<Result<_, _>>()?;
        let options = GatewayOptions { gateways, failure, map };
        plan.probes = vec![Box::new(GatewayProbe { options: options.clone() })];
        plan.asked = Findings::Gateway(GatewayAsked { options, ..GatewayAsked::default() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_written_as_people_do() {
        assert_eq!(port("5000"), Ok((Some(5000), Protocol::Udp)));
        assert_eq!(port("5000/tcp"), Ok((Some(5000), Protocol::Tcp)));
        assert_eq!(port("tcp"), Ok((None, Protocol::Tcp)));
        for text in ["", "0", "70000", "5000/sctp", "http", "5000/"] {
            assert!(port(text).is_err(), "{text}");
        }
    }
}
