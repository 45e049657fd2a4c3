// Code that fetches more code and runs it, or hides what it runs.

rule fetch_and_run
{
    meta:
        description = "a download that is run at once"
    strings:
        $pipe = /\b(curl|wget)\s[^\n|;&]{0,200}https?:\/\/[^\n|;&]{1,300}\|\s*(sudo\s+)?(ba|z|da)?sh\b/
        $powershell = /powershell[^\n]{0,120}\s-(e|en|enc|encodedcommand)\s+[A-Za-z0-9+\/=]{80,}/ nocase
        $iex = /\bIEX\s*\(\s*\(?\s*New-Object\s+(System\.)?Net\.WebClient\)?\.DownloadString\(/ nocase
    condition:
        // Documentation shows such commands to people; programs and scripts have no need of them.
        any of them and not (uint8(0) == 0x23 and not uint8(1) == 0x21)
}

rule packed_eval
{
    meta:
        description = "encoded text that is decoded and run"
    strings:
        $js = /\beval\(\s*(atob|unescape|decodeURIComponent)\(\s*['"][A-Za-z0-9+\/=%]{40,}/
        $js_buffer = /\beval\(\s*Buffer\.from\(\s*['"][A-Za-z0-9+\/=]{40,}['"]\s*,\s*['"](base64|hex)/
        $python = /\b(exec|eval)\(\s*(base64\.b64decode|codecs\.decode|zlib\.decompress|marshal\.loads|__import__\(\s*['"](base64|zlib|marshal)['"]\s*\)\.)/
        $packer = /eval\(function\(p,a,c,k,e,[dr]\)\{/
    condition:
        any of them
}
