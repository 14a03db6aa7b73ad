use std::net::SocketAddr;

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::BoxError,
};

/// Sends requests for any name to one address: what a resolver does, without one.
#[derive(Debug, Clone, Copy)]
pub struct Directions(pub SocketAddr);

impl Intercept for Directions {
    fn name(&self) -> &'static str {
        "directions"
    }

    /// The name was signed: it stays in the request's `Host`, and in addresses that are given away.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let uri = request.uri().to_owned();
        if uri.contains("X-Amz-Signature=") {
            return Ok(());
        }
        let (_scheme, rest) = uri.split_once("://").unwrap_or(("", &uri));
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        request.headers_mut().insert("host", host.to_owned());
        request.set_uri(uri.replacen(host, &self.0.to_string(), 1))?;
        Ok(())
    }
}
