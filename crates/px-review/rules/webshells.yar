// Code that runs whatever a request tells it to.

rule php_webshell
{
    meta:
        description = "PHP code that runs text from a request"
    strings:
        $run = /(eval|assert|system|passthru|shell_exec|popen|proc_open)\s*\(\s*(@?\s*(base64_decode|gzinflate|gzuncompress|str_rot13)\s*\(\s*)*@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
        $call = /\$_(GET|POST|REQUEST)\s*\[[^\]]{1,40}\]\s*\(\s*\$_(GET|POST|REQUEST)/
    condition:
        any of them
}

rule jsp_webshell
{
    meta:
        description = "JSP code that runs a command from a request"
    strings:
        $run = /Runtime\.getRuntime\(\)\.exec\(\s*request\.getParameter\(/
    condition:
        $run
}

rule script_webshell
{
    meta:
        description = "server code that runs a command or code from a request"
    strings:
        $node_exec = /(exec|execSync|spawn|spawnSync)\(\s*(req|request|ctx)\.(query|body|params|headers)\b/
        $node_eval = /\beval\(\s*(req|request|ctx)\.(query|body|params|headers)\b/
        $python = /(os\.system|os\.popen|subprocess\.(call|run|Popen|check_output)|exec|eval)\(\s*(flask\.)?request\.(args|form|values|json|GET|POST)\b/
    condition:
        any of them
}

rule reverse_shell
{
    meta:
        description = "a shell connected to a remote address"
    strings:
        $bash = /(ba)?sh\s+-i\s+(>&|&>|>)\s*\/dev\/tcp\/[0-9A-Za-z.\-]{3,}\/[0-9]{2,5}/
        $netcat = /\bn(c|cat)\s+(-[a-z]+\s+)*-e\s+\/bin\/(ba)?sh\b/
        $python = /socket\.socket\([^\n]{0,200}os\.dup2\([^\n]{0,200}\/bin\/(ba)?sh/
    condition:
        any of them
}
