# Services.<|>
$limit = 10

class Service {
    [string]$Name

    [void] Start() {
        Write-Host "starting $($this.Name<|>) now<|>"
    }
}

function Get-Service2 {
    param($Name)
    if ($Name) {
        <|>
    }
}
