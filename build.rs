fn main() {
    #[cfg(feature = "node-api")]
    napi_build::setup();
}
