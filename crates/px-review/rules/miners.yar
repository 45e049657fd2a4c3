// Programs that mine cryptocurrency with other people's machines.

rule miner_pool_protocol
{
    meta:
        description = "a mining pool's address or protocol"
    strings:
        $scheme = /stratum(2)?\+(tcp|ssl|tls|tcps):\/\/[0-9A-Za-z.\-]{4,}/
        $login = /"method"\s*:\s*"(login|mining\.subscribe)"[^\n]{0,200}"(login|agent|rigid)"/
        $pool = /(pool\.(minexmr|supportxmr|hashvault)|xmr\.(2miners|nanopool)|gulf\.moneroocean)\.(com|pro|org|stream)/
    condition:
        any of them
}

rule browser_miner
{
    meta:
        description = "a miner that runs in the browser"
    strings:
        $coinhive = /new\s+(CoinHive|Coinhive|CoinImp|CryptoLoot|deepMiner)\.(Anonymous|User|Token)\s*\(/
        $client = /new\s+Client\.Anonymous\(\s*['"][0-9a-f]{64}['"]\s*,\s*\{[^}]{0,80}throttle/
        $lib = /\b(coinhive|cryptonight|webminerpool|coin-hive)(\.min)?\.(js|wasm)\b/ nocase
    condition:
        any of them
}
